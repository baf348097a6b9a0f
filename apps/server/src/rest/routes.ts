/** One line of REST over one tRPC procedure of the same meaning. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  procedure: string
  summary: string
  /** 200 unless told. */
  status?: 201 | undefined
  /** A list answers its rows as an array, and names the next page in `Link`. */
  list?: true
  /** Where a change names no version, the one that this procedure reads is the one that is changed. */
  versionFrom?: string
  /** What of the procedure's answer REST shows. */
  answer?: (result: never) => unknown
}

const get = (path: string, procedure: string, summary: string): Route => ({ method: 'GET', path, procedure, summary })
const list = (path: string, procedure: string, summary: string): Route => ({
  ...get(path, procedure, summary),
  list: true,
})
const post = (path: string, procedure: string, summary: string): Route => ({
  ...get(path, procedure, summary),
  method: 'POST',
  status: 201,
})
const put = (path: string, procedure: string, summary: string): Route => ({
  ...get(path, procedure, summary),
  method: 'PUT',
})
const remove = (path: string, procedure: string, summary: string): Route => ({
  ...get(path, procedure, summary),
  method: 'DELETE',
})

const tokenAnswer = ({ accessToken, expiresIn }: { accessToken: string; expiresIn: number }) => ({
  accessToken,
  tokenType: 'bearer',
  expiresIn,
})
const accountAnswer = ({ id, username, role, tenantId, isActive }: Record<string, unknown>) => ({
  id,
  username,
  role,
  tenantId,
  isActive,
})
/** A new user's one-time link stands beside what was made; null with a password. */
const userAnswer = ({ user, link }: { user: object; link: string | null }) => ({ ...user, link })

export const routes: Route[] = [
  { ...post('/api/auth/register', 'auth.register', 'Make an account'), answer: accountAnswer },
  {
    method: 'POST',
    path: '/api/auth/login',
    procedure: 'auth.signIn',
    summary: 'Get an access token, by JSON or a form',
    answer: tokenAnswer,
  },
  get('/api/auth/me', 'auth.me', 'The caller'),
  list('/api/users', 'users.list', 'Users'),
  {
    ...post('/api/users', 'users.create', 'Make a user; without a password the answer holds a one-time link'),
    answer: userAnswer,
  },
  get('/api/users/:id', 'users.get', 'One user'),
  put('/api/users/:id', 'users.update', 'Change the role, or whether the user is active'),
  remove('/api/users/:id', 'users.deactivate', 'Deactivate a user'),
  list('/api/tenants', 'tenants.list', 'Tenants'),
  post('/api/tenants', 'tenants.create', 'Make a tenant'),
  get('/api/tenants/:id', 'tenants.get', 'One tenant'),
  put('/api/tenants/:id', 'tenants.update', 'Change the name or description of a tenant'),
  list('/api/hosts', 'hosts.list', 'Hosts'),
  get('/api/hosts/:id', 'hosts.get', 'One host'),
  list('/api/cases', 'cases.list', 'Cases'),
  post('/api/cases', 'cases.create', 'Open a case'),
  get('/api/cases/:id', 'cases.get', 'One case'),
  {
    ...put('/api/cases/:id', 'cases.update', 'Change a case; 409 when `version` is no longer its version'),
    versionFrom: 'cases.get',
  },
  {
    ...remove('/api/cases/:id', 'cases.delete', 'Delete a case; it can be restored for 30 days'),
    versionFrom: 'cases.get',
  },
  list('/api/artifacts', 'artifacts.list', 'Artifacts'),
  post('/api/artifacts', 'artifacts.create', 'Put an artifact on a case'),
  get('/api/artifacts/:id', 'artifacts.get', 'One artifact'),
  put('/api/artifacts/:id', 'artifacts.update', 'Change an artifact'),
  remove('/api/artifacts/:id', 'artifacts.delete', 'Delete an artifact'),
  list('/api/collections', 'collections.list', 'Collections with rows received and expected'),
  list('/api/exports', 'exports.list', 'Your own exports, newest first'),
  post(
    '/api/exports',
    'exports.create',
    'Write all matching rows into a file: csv, jsonl or parquet; its progress stands at its own address',
  ),
  get(
    '/api/exports/:id',
    'exports.get',
    'One export of your own: its state, rows and bytes so far, and what is not as it was sent',
  ),
  {
    ...post('/api/exports/:id/cancel', 'exports.cancel', 'Stop an export; 409 when it has ended'),
    status: undefined,
  },
  remove('/api/exports/:id', 'exports.remove', 'Remove the file of a finished export before its 3 days are over'),
  get('/api/collections/:id', 'collections.get', 'One collection with rows received and expected of each source'),
]
