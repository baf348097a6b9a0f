import { closeSync, openSync, writeSync } from 'node:fs'
import { Readable } from 'node:stream'
import { crc32, createDeflateRaw } from 'node:zlib'

export interface MadeMember {
  name: string
  bytes: Iterable<Buffer>
}

export interface MadeZip {
  bytes: number
  /** Of all members, unpacked. */
  unpacked: number
}

const most = 0xffff_ffff

/** Writes a zip below 4 GB as it is made: nothing of it is held. */
export async function writeZip(path: string, members: Iterable<MadeMember>): Promise<MadeZip> {
  const file = openSync(path, 'wx')
  const list: Buffer[] = []
  const total: MadeZip = { bytes: 0, unpacked: 0 }
  const put = (bytes: Buffer) => {
    writeSync(file, bytes)
    total.bytes += bytes.length
  }
  for (const { name, bytes } of members) {
    const at = total.bytes
    put(Buffer.concat([header(name), Buffer.from(name)]))
    const sizes = await pack(bytes, put)
    put(sizes.behind)
    total.unpacked += sizes.unpacked
    if (total.bytes > most || sizes.unpacked > most) throw new Error('a zip of this kind ends at 4 GB')
    list.push(entry(name, sizes.behind, at), Buffer.from(name))
  }
  const start = total.bytes
  put(Buffer.concat(list))
  put(ending(list.length / 2, start, total.bytes - start))
  closeSync(file)
  return total
}

/** The packed bytes, and what stands behind them: the checksum and both sizes. */
async function pack(bytes: Iterable<Buffer>, put: (bytes: Buffer) => void) {
  let [crc, packed, unpacked] = [0, 0, 0]
  function* counted() {
    for (const piece of bytes) {
      crc = crc32(piece, crc)
      unpacked += piece.length
      yield piece
    }
  }
  for await (const piece of Readable.from(counted()).pipe(createDeflateRaw({ level: 1 })) as AsyncIterable<Buffer>) {
    put(piece)
    packed += piece.length
  }
  const behind = Buffer.alloc(16)
  behind.writeUInt32LE(0x08074b50, 0)
  behind.writeUInt32LE(crc, 4)
  behind.writeUInt32LE(packed, 8)
  behind.writeUInt32LE(unpacked, 12)
  return { behind, unpacked }
}

/** Its sizes stand behind the bytes (bit 3), names are UTF-8 (bit 11), and it is deflated. */
function header(name: string) {
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(0x0808, 6)
  local.writeUInt16LE(8, 8)
  local.writeUInt16LE(Buffer.byteLength(name), 26)
  return local
}

function entry(name: string, behind: Buffer, at: number) {
  const listed = Buffer.alloc(46)
  listed.writeUInt32LE(0x02014b50, 0)
  listed.writeUInt16LE(20, 4)
  header(name).copy(listed, 6, 4, 30)
  behind.copy(listed, 16, 4)
  listed.writeUInt32LE(at, 42)
  return listed
}

function ending(count: number, start: number, size: number) {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(start, 16)
  return end
}
