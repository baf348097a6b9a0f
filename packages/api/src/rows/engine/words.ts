/** The texts that a thread has met, by numbers: that those of two blocks are the same is then told without reading them. */
export interface Words {
  ids: Map<string, number>
  texts: string[]
  /** Characters of all texts. */
  size: number
}

const most = 500_000
const largest = 32_000_000

const newWords = (): Words => ({ ids: new Map(), texts: [], size: 0 })

let words = newWords()

/** Those that a search may use to its end. A table that has become too large is kept only by what still uses it. */
export function wordsNow(): Words {
  if (words.texts.length > most || words.size > largest) words = newWords()
  return words
}

export function wordOf(all: Words, text: string): number {
  const known = all.ids.get(text)
  if (known !== undefined) return known
  all.ids.set(text, all.texts.length)
  all.size += text.length
  return all.texts.push(text) - 1
}
