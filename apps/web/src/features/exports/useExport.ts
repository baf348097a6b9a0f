import { useMutation } from '@tanstack/react-query'
import { refresh, trpc } from '../../api.ts'
import { sentence } from '../../lib/problem.ts'
import { accessToken } from '../../session.ts'
import { toast } from '../../ui/toast.tsx'

/**
 * Has the browser save the file by itself, straight to the disk: a script would hold all of it. A cookie for that address alone
 * says who asks.
 */
export function useSaving(id: number) {
  return useMutation({
    mutationFn: async () => {
      const ask = () =>
        fetch(`/api/exports/${id}/saving`, {
          method: 'POST',
          headers: { authorization: `Bearer ${accessToken.get() ?? ''}` },
        })
      let answer = await ask()
      if (answer.status === 401 && (await refresh())) answer = await ask()
      const said = (await answer.json()) as { path?: string; detail?: string }
      if (!answer.ok) throw new Error(said.detail ?? `The server answered ${answer.status}.`)
      Object.assign(document.createElement('a'), { href: said.path, download: '' }).click()
    },
    onError: (error) => toast({ text: `The file was not saved. ${sentence(error)}` }),
  })
}

export function useClosing() {
  const utils = trpc.useUtils()
  const options = {
    onError: (error: unknown) => toast({ text: sentence(error) }),
    onSettled: () => utils.exports.invalidate(),
  }
  return { cancel: trpc.exports.cancel.useMutation(options), remove: trpc.exports.remove.useMutation(options) }
}
