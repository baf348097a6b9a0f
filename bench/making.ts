import type { Random } from './random.ts'
import { Word, type Host, type Program, word } from './world.ts'

export interface Making {
  random: Random
  host: Host
  /** When it was collected, in milliseconds since 1970. */
  at: number
}

export const iso = (ms: number) => new Date(ms).toISOString()
export const ago = ({ random, at }: Making, most: number) => at - random.next() * most
export const programOf = ({ random, host }: Making) => random.pick(host.programs)
export const userOf = ({ random, host }: Making) => random.pick(host.users)
export const hashes = ({ md5, sha1, sha256 }: Program) => ({ MD5: md5, SHA1: sha1, SHA256: sha256 })

export function commandOf({ random, host }: Making, program: Program) {
  const kind = random.below(10)
  if (kind < 4) return `"${program.path}"`
  if (kind < 6)
    return `"${program.path}" --type=${word()} --field-trial-handle=${random.below(99_999)},${random.hex(16)} --lang=en-US`
  if (kind < 8) return `${program.path} -k ${word()} -p -s ${Word()}Svc`
  const script = `C:\\Users\\${random.pick(host.users).name}\\AppData\\Local\\Temp\\${random.hex(8)}.ps1`
  return `"${program.path}" /c "${script}" -ExecutionPolicy Bypass -Id ${random.guid()}`
}
