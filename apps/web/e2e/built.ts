import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the built web, which these tests look at as a user would. */
export function builtWeb() {
  const folder = fileURLToPath(new URL('../dist', import.meta.url))
  if (!existsSync(join(folder, 'index.html')))
    throw new Error('The web is not built: run npm test, which builds it first')
  return folder
}
