import { expect, test } from 'vitest'
import { visible } from './evidence.tsx'

test('names characters that hide or turn text, and keeps every other', () => {
  expect(visible('svc_report\u202efdp.exe')).toBe('svc_report⟨U+202E⟩fdp.exe')
  expect(visible('a\u0000b\u200bc\u00a0d')).toBe('a⟨U+0000⟩b⟨U+200B⟩c⟨U+00A0⟩d')
  expect(visible('x\ud800y')).toBe('x⟨U+D800⟩y')
  expect(visible('hidden \u{e0041}tag')).toBe('hidden ⟨U+E0041⟩tag')
})

test('leaves ordinary text of any script alone', () => {
  const text = 'C:\\Users\\Zoë\\файл 文件 😀 <b>&amp;</b>'
  expect(visible(text)).toBe(text)
})
