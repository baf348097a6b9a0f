import { client, queryClient, refresh } from '../../api.ts'
import { accessToken, tellSignedOut } from '../../session.ts'

/** Whether somebody is signed in; a page that was just opened asks with its cookie first. */
export async function isSignedIn() {
  return accessToken.get() !== undefined || (await refresh())
}

export function enter(token: string) {
  queryClient.clear()
  accessToken.set(token)
}

export async function leave() {
  try {
    await client.auth.signOut.mutate()
  } finally {
    accessToken.set(undefined)
    tellSignedOut()
    queryClient.clear()
  }
}
