/** Phrases that the published lists lack and that are tried first here: about the product, its trade, and the very act. */
const phrases = `thisismypassword mypassword letmeinplease administrateur administrador changemenow changemeplease
iloveyouforever iloveyousomuch correcthorse correcthorsebatterystaple velociraptor velociraptors velocicompanion
cybersecurity accessgranted superuser superadmin superadministrator companyname toor login root qwertz passphrase
1q2w3e4r5t6y7u a1b2c3d4e5f6 147258369147 741852963741`.split(/\s+/)

const leastLetters = 4
const commonest = 2000

export interface CommonWords {
  /** Leaked passwords and words of dice lists, in lower case. */
  all: Set<string>
  /** Those that stand first in the lists: two of them in a row are still one guess among few. */
  first: Set<string>
}

let words: Promise<CommonWords> | undefined

/** 54,000 words, read when a password is set for the first time. */
export const commonWords = () => (words ??= load())

async function load(): Promise<CommonWords> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const leaked = dictionary['passwords-common'] as string[]
  const dice = dictionary['diceware-common'] as string[]
  const long = (list: string[]) => list.filter((word) => word.length >= leastLetters)
  return { all: new Set(long([...leaked, ...dice, ...phrases])), first: new Set(long(leaked.slice(0, commonest))) }
}
