import { artifactTypes } from '@velocicompanion/api/artifacts/input'

const words: Record<string, string> = {
  md5: 'MD5',
  sha1: 'SHA1',
  sha256: 'SHA256',
  imphash: 'Imphash',
  ip: 'IP',
  cidr: 'CIDR',
  url: 'URL',
  sid: 'SID',
  ssh_key: 'SSH key',
}

const sentenceCase = (name: string) => name[0]!.toUpperCase() + name.slice(1).replaceAll('_', ' ')

export const typeWord = (type: string) => words[type] ?? sentenceCase(type)

export const typeOptions = artifactTypes.map((value) => ({ value, label: typeWord(value) }))
