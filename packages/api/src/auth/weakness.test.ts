import { expect, test } from 'vitest'
import { weaknessOf } from './weakness.ts'

test.each([
  'unbelievable',
  'CounterStrike',
  'administrator',
  'Passw0rd1234',
  'p4ssw0rd!!!!',
  'P@$$w0rd2026',
  '2026sunshine!',
  'secretpassword',
  'dragonmonkey1',
  'drowssap12345',
  'correcthorsebatterystaple',
  'velociraptor1',
  'Velocicompanion!',
  'qweasdzxc123qwe',
])('%s is guessed from a list', async (password) => {
  expect(await weaknessOf(password)).toBe('This password is in lists of common passwords')
})

test.each(['aaaaaaaaaaaa', 'abcabcabcabca', '1234512345123451', 'blue7!blue7!', 'Footy-99Footy-99Foo'])(
  '%s repeats itself',
  async (password) => {
    expect(await weaknessOf(password)).toBe('This password repeats itself')
  },
)

test.each([
  'abcdefghijkl',
  '123456789012',
  '0987654321098',
  'qwertyuiop12345',
  'abcdef123456',
  'zyxwvutsrqpo',
  '1qaz2wsx3edc4rfv',
  'aaaabbbbcccc1111',
])('%s follows the keys', async (password) => {
  expect(await weaknessOf(password)).toBe('This password follows the alphabet, the digits or the keyboard')
})

test.each([
  'correct staple of 9 horses',
  'a long sentence for tests',
  'kT9#vLq2!mXz',
  'purple giraffe paints quietly',
  'jake8846120937741',
  'Müller trinkt gern Tee',
  '短い犬は赤い車を運転する',
  'mX7-mX7-kP2-rT9q',
])('%s is nowhere known', async (password) => {
  expect(await weaknessOf(password)).toBeUndefined()
})
