import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** With a checksum of what is inside: bytes that changed on a disk are told when they are read. */
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }
const largestChunk = 16_384

/** The chunk is what is allocated for the answer: by default 16 kB, however small it is. */
export const compress = (bytes: Uint8Array): Buffer =>
  zstdCompressSync(bytes, { params, chunkSize: Math.min(largestChunk, (bytes.length >> 1) + 256) })

/** Decompresses one zstd frame. The expected size only saves growing the output in small steps. */
export const decompress = (bytes: Uint8Array, expected: number): Buffer =>
  zstdDecompressSync(bytes, { chunkSize: Math.max(4096, Math.min(1 << 24, expected + 64)) })

const STORED = 0
const ZSTD = 1
const worthIt = 1024

/** `[plain size u32][0 stored | 1 zstd][payload]`. Small chunks stay as they are: a call of zstd costs more than it saves. */
export function pack(plain: Buffer): Buffer {
  const packed = plain.length < worthIt ? plain : compress(plain)
  const smaller = packed.length < plain.length * 0.95
  const payload = smaller ? packed : plain
  const out = Buffer.allocUnsafe(5 + payload.length)
  out.writeUInt32LE(plain.length, 0)
  out[4] = smaller ? ZSTD : STORED
  out.set(payload, 5)
  return out
}

export function unpack(packed: Buffer): Buffer {
  const payload = packed.subarray(5)
  return packed[4] === ZSTD ? decompress(payload, packed.readUInt32LE(0)) : payload
}

/** A buffer that grows; `at` is the number of bytes written. */
export interface Writer {
  bytes: Buffer
  at: number
}

export const writer = (size: number): Writer => ({ bytes: Buffer.allocUnsafeSlow(size), at: 0 })

export function reserve(out: Writer, more: number) {
  if (out.at + more <= out.bytes.length) return
  const bigger = Buffer.allocUnsafeSlow(Math.max(out.bytes.length * 2, out.at + more))
  out.bytes.copy(bigger, 0, 0, out.at)
  out.bytes = bigger
}

export const written = (out: Writer): Buffer => out.bytes.subarray(0, out.at)

/** Unsigned LEB128, up to 2^32 - 1. */
export function writeVarint(out: Writer, value: number) {
  if (out.at + 5 > out.bytes.length) reserve(out, 5)
  const { bytes } = out
  let rest = value
  while (rest > 127) {
    bytes[out.at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[out.at++] = rest
}

/** Reads what writeVarint wrote; moves `from.at`. */
export function readVarint(from: { bytes: Uint8Array; at: number }): number {
  let value = 0
  let shift = 0
  let byte: number
  do {
    byte = from.bytes[from.at++]!
    value |= (byte & 127) << shift
    shift += 7
  } while (byte > 127)
  return value >>> 0
}
