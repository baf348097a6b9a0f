// @vitest-environment jsdom
import { cleanup, render } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { useLayoutEffect } from 'react'
import { afterEach, expect, test } from 'vitest'
import { onKeyDown, useKeys } from './keys.ts'

afterEach(() => {
  cleanup()
  document.removeEventListener('keydown', onKeyDown)
})

/** A screen that hears these keys and notes them. */
function screenOf(keys: string[]) {
  const heard: string[] = []
  const Screen = () => {
    useKeys(
      'Test',
      keys.map((name) => ({ keys: name, label: name, run: () => heard.push(name) })),
    )
    return null
  }
  document.addEventListener('keydown', onKeyDown)
  render(<Screen />)
  return heard
}

test('a letter that also begins a sequence waits for the second one, and is not lost where none comes', async () => {
  const heard = screenOf(['g', 'g h', 'h', 'j'])
  const user = userEvent.setup()
  await user.keyboard('gh')
  expect(heard).toEqual(['g h'])
  await user.keyboard('gj')
  expect(heard).toEqual(['g h', 'g', 'j'])
  await user.keyboard('g')
  expect(heard).toHaveLength(3)
  await expect.poll(() => heard).toEqual(['g h', 'g', 'j', 'g'])
})

test('a key does its own, also at the moment when others come before it', () => {
  const heard: string[] = []
  const named = (name: string) => ({ keys: name, label: name, run: () => heard.push(name) })
  const Screen = ({ keys }: { keys: string[] }) => {
    useKeys('Test', keys.map(named))
    // What is drawn is on the screen, and the list of keys is still that of before.
    useLayoutEffect(() => {
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'x' }))
    })
    return null
  }
  document.addEventListener('keydown', onKeyDown)
  const { rerender } = render(<Screen keys={['x']} />)
  rerender(<Screen keys={['0', '1', 'x']} />)
  expect(heard).toEqual(['x'])
})
