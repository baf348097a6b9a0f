import { configure, Reader, ZipReader, type Entry, type FileEntry } from '@zip.js/zip.js'
import { ImportFault, OtherTry } from './fault.ts'
import type { Source } from './files.ts'

// One import runs at a time: workers would only cost memory.
configure({ useWebWorkers: false, useCompressionStream: true })

export interface Limits {
  /** Most members of an archive. */
  members: number
  /** Most bytes of all members together, unpacked. */
  bytes: number
  /** From this many unpacked bytes on, an archive may unpack to `ratio` times its own size at most. */
  ratioFrom: number
  ratio: number
  /** Most bytes of the archive's list of members, which is held whole. */
  directory: number
}

export const usualLimits: Limits = {
  members: 200_000,
  bytes: 256 * 1024 ** 3,
  ratioFrom: 1024 ** 3,
  ratio: 200,
  directory: 64 * 1024 ** 2,
}

export interface Member {
  name: string
  /** Unpacked. */
  bytes: number
  encrypted: boolean
  /** The unpacked bytes, checked against the length and the CRC or HMAC that the archive says. */
  open(): AsyncGenerator<Uint8Array, void, void>
}

/**
 * The files of an archive in its own order, after its whole list was found sound. Names are only ever names: nothing is
 * written to a path.
 */
export async function* membersOf(
  source: Source,
  password: string | undefined,
  limits: Limits,
): AsyncGenerator<Member, void, void> {
  const reader = new ZipReader(new SourceReader(source, limits.directory), {
    checkCrc32: true,
    checkAuthenticationCode: true,
    checkOverlappingEntry: true,
    filenameValidation: 'tolerant',
    ...(password !== undefined && { password }),
  })
  const names = new Set<string>()
  let [count, total] = [0, 0]
  const entries = reader.getEntriesGenerator()
  for (;;) {
    const next = await entries.next().catch((error: unknown) => {
      throw faultOf(error)
    })
    if (next.done) break
    const entry = next.value
    count += 1
    total += entry.uncompressedSize
    checkEntry(entry, names)
    checkSize(count, total, source.bytes, limits)
    if (!entry.directory) yield memberOf(entry)
    else if (entry.uncompressedSize > 0)
      throw new ImportFault(
        `The zip is refused: its folder ${JSON.stringify(entry.filename.slice(0, 200))} holds bytes`,
      )
  }
  await reader.close()
}

class SourceReader extends Reader<Source> {
  private source: Source
  private most: number
  constructor(source: Source, most: number) {
    super(source)
    this.source = source
    this.most = most
  }
  override init() {
    this.size = this.source.bytes
    return Promise.resolve()
  }
  override readUint8Array(at: number, length: number) {
    // The library asks for the list of members in one piece.
    if (length > this.most) throw new ImportFault('The zip has a list of members that is too large')
    return this.source.read(at, length)
  }
}

function checkEntry(entry: Entry, names: Set<string>) {
  const { filename: name } = entry
  const shown = JSON.stringify(name.slice(0, 200))
  const unsafe = /^[/\\]|^[a-z]:|\0|\\/i.test(name) || name.split('/').includes('..')
  if (unsafe) throw new ImportFault(`The zip is refused: its member ${shown} names a place outside of it`)
  const type = (entry.externalFileAttributes >>> 16) & 0xf000
  if (type !== 0 && type !== 0x8000 && type !== 0x4000)
    throw new ImportFault(`The zip is refused: its member ${shown} is a link or a device`)
  // Collectors may upload one file twice.
  const uploaded = /(^|\/)uploads\//.test(name)
  if (names.has(name) && !uploaded) throw new ImportFault(`The zip is refused: it holds the member ${shown} twice`)
  names.add(name)
}

function checkSize(count: number, total: number, archive: number, limits: Limits) {
  if (count > limits.members) throw new ImportFault(`The zip is refused: it has more than ${limits.members} members`)
  if (total > limits.bytes) throw new ImportFault(`The zip is refused: it unpacks to more than ${limits.bytes} bytes`)
  if (total > limits.ratioFrom && total > archive * limits.ratio)
    throw new ImportFault(`The zip is refused: it unpacks to more than ${limits.ratio} times its size`)
}

const memberOf = (entry: FileEntry): Member => ({
  name: entry.filename,
  bytes: entry.uncompressedSize,
  encrypted: entry.encrypted,
  open: () => bytesOf(entry),
})

async function* bytesOf(entry: FileEntry): AsyncGenerator<Uint8Array, void, void> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const cut = new AbortController()
  let failure: unknown
  const ended = entry.getData(writable, { signal: cut.signal }).then(
    () => undefined,
    (error: unknown) => {
      failure = error ?? new Error('cut')
    },
  )
  const reader = readable.getReader()
  let size = 0
  try {
    for (;;) {
      // A failure need not reach the readable side.
      const next = await Promise.race([
        reader.read(),
        ended.then(() => (failure === undefined ? reader.read() : undefined)),
      ])
      if (!next || next.done) break
      size += next.value.length
      if (size > entry.uncompressedSize)
        throw new ImportFault(`${JSON.stringify(entry.filename)} is longer than the zip says`)
      yield next.value
    }
    await ended
    if (failure !== undefined) throw faultOf(failure, entry.filename)
  } catch (error) {
    throw error instanceof ImportFault ? error : faultOf(error, entry.filename)
  } finally {
    cut.abort()
    await reader.cancel().catch(() => {})
  }
}

const needsPassword = 'The zip is locked: it needs its password'
const wrongPassword = 'The password does not open the zip'
const sentences: [RegExp, string][] = [
  [/password/i, wrongPassword],
  [/contains encrypted entry/i, needsPassword],
  [/authentication|crc|signature/i, 'is damaged: its checksum is wrong'],
  [/ambiguous/i, 'is refused: its own header and the list of members say different things of it'],
  [/overlapping/i, 'is refused: it shares its bytes with another member'],
  [/size|out of bounds|compressed data|unexpected|truncated|local file header/i, 'is damaged or cut off'],
]
const ofTheWhole: [RegExp, string][] = [
  [/end of central directory not found/i, 'The zip is cut off: its list of members is missing'],
  [/split zip/i, 'The zip is one part of several: join them first'],
  [/encrypted central directory/i, 'The list of members of the zip is encrypted, which is not supported'],
]

/** The database's own errors are none of the file's. */
function faultOf(error: unknown, member?: string): unknown {
  if (error instanceof ImportFault || !(error instanceof Error) || 'severity' in error || 'syscall' in error)
    return error
  const known = (member === undefined ? ofTheWhole : sentences).find(([pattern]) => pattern.test(error.message))
  if (member === undefined) return new ImportFault(known?.[1] ?? `The zip is damaged (${error.message})`)
  if (known?.[1] === needsPassword || known?.[1] === wrongPassword) return new OtherTry(known[1])
  const said = known?.[1] ?? `can't be read (${error.message})`
  return new ImportFault(`The zip's member ${JSON.stringify(member.slice(0, 200))} ${said}`)
}
