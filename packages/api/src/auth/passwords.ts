import { setTimeout } from 'node:timers/promises'
import { hash, verify } from '@node-rs/bcrypt'
import { AppError } from '../errors.ts'
import { weaknessOf } from './weakness.ts'

const cost = 12

/** Throws BAD_REQUEST `weak_password` with the reason. bcrypt reads 72 bytes: a longer password is refused, not cut. */
export async function hashPassword(password: string, username: string) {
  const weak = (reason: string) => new AppError('BAD_REQUEST', reason, 'weak_password')
  if (password.length < 12) throw weak('A password needs at least 12 characters')
  if (Buffer.byteLength(password) > 72) throw weak('A password may have at most 72 bytes')
  if (password.includes('\0')) throw weak('A password may not hold a zero character')
  const weakness = await weaknessOf(password)
  if (weakness !== undefined) throw weak(weakness)
  if (username.length >= 4 && password.toLowerCase().includes(username.toLowerCase())) {
    throw weak('A password may not contain the user name')
  }
  return hash(password, { cost })
}

let dummy: Promise<string> | undefined
let lastTook = 250

/** The same time whether a hash exists or not. */
export async function passwordMatches(password: string, stored: string | null | undefined) {
  dummy ??= hash('no account has this password', { cost })
  const against = stored ?? (await dummy)
  const usable = Buffer.byteLength(password) <= 72 && !password.includes('\0')
  const started = performance.now()
  const matches = await verify(usable ? password : 'refused', against)
  lastTook = performance.now() - started
  return matches && usable && Boolean(stored)
}

/** Takes as long as a comparison without its work: a locked account neither says so nor costs the processor anything. */
export const pretendToCompare = () => setTimeout(lastTook)
