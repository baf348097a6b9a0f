import { commonWords, type CommonWords } from './common-passwords.ts'

const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890', '1234567890qwertyuiop', 'qwertzuiop', 'azertyuiop']
const columns = ['asdfghjkl', 'zxcvbnm', '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.', 'qazwsxedcrfvtgbyhnujmikolp']
const tracks = [...rows, ...columns].flatMap((row) => [row, row.split('').toReversed().join('')])
const shortestPiece = 3
/** What stands around a common word adds to it, but a handful of digits does not make it a secret. */
const mostAround = 8

/** Why a password of the right length is guessed early; nothing when no reason is known. */
export async function weaknessOf(password: string): Promise<string | undefined> {
  const text = password.toLowerCase()
  if (period(text) < 12 && period(text) <= text.length / 2) return 'This password repeats itself'
  if (isTracked(text)) return 'This password follows the alphabet, the digits or the keyboard'
  const words = await commonWords()
  return forms(text).some((form) => isCommon(form, words)) ? 'This password is in lists of common passwords' : undefined
}

/** The length of the part that the whole consists of, again and again; the last time perhaps not to its end. */
function period(text: string) {
  const chars = Array.from(text)
  for (let size = 1; size < chars.length; size++) {
    if (chars.every((char, i) => i < size || char === chars[i - size])) return size
  }
  return chars.length
}

/** Whether few pieces of the alphabet, the digits or a row of keys make up the whole. */
function isTracked(text: string) {
  let pieces = 0
  for (let at = 0; at < text.length; pieces++) at += Math.max(pieceAt(text, at), 1)
  return pieces <= text.length / 4
}

function pieceAt(text: string, at: number) {
  const same = /^(.)\1*/s.exec(text.slice(at))![0].length
  let size = Math.max(same, shortestPiece - 1)
  while (at + size < text.length && tracks.some((track) => track.includes(text.slice(at, at + size + 1)))) size++
  return size >= shortestPiece ? size : 1
}

/** The word as it is, and without what stands around it, each also with signs read as the letters they stand for. */
function forms(text: string) {
  const core = text.replaceAll(/^[^a-z]+|[^a-z]+$/g, '')
  const around = text.length - core.length
  const written = [text, ...(around <= mostAround ? [core, ...cores(text)] : [])]
  return written.flatMap((form) => [form, read(form, 'i'), read(form, 'l')])
}

/** Signs may be letters of the word: `p4ssw0rd1234` is one word before its digits. */
const cores = (text: string) => [text.replace(/[\d!?.,_-]+$/, ''), text.replace(/^[\d!?.,_-]+/, '')]

const letters: Record<string, string> = { 0: 'o', '@': 'a', 4: 'a', $: 's', 5: 's', 3: 'e', 7: 't', '+': 't' }
const read = (form: string, one: string) =>
  form.replaceAll(/[0@4$537+]/g, (sign) => letters[sign]!).replaceAll(/[1!|]/g, one)

const isCommon = (form: string, { all, first }: CommonWords) =>
  all.has(form) ||
  all.has(Array.from(form).toReversed().join('')) ||
  Array.from({ length: form.length }, (_, at) => at).some(
    (at) => first.has(form.slice(0, at)) && first.has(form.slice(at)),
  )
