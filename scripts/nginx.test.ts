import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type Server, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../packages/db/src/embedded-files.ts'

const folder = join(import.meta.dirname, '..', 'deploy', 'nginx')
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
const installed = spawnSync('nginx', ['-v'], { env }).status === 0
if (!installed) console.log('skipped: the nginx configuration (nginx is not installed)')

describe.runIf(installed)('the nginx configuration', () => {
  let dir: string
  let port: number
  let nginx: ChildProcess
  let server: Server
  let received: (request: IncomingMessage) => void = () => {}

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'nginx-'))
    port = await freePort()
    server = createServer((incoming, answer) => {
      received(incoming)
      incoming.resume().on('end', () => answer.end(incoming.headers['x-forwarded-for']))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    writeSite((server.address() as AddressInfo).port)
    nginx = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { env, stdio: 'ignore' })
    for (let tries = 100; tries > 0 && !(await fetch(address('/')).catch(() => false)); tries--) await sleep(50)
  })

  afterAll(async () => {
    nginx.kill('SIGTERM')
    await once(nginx, 'exit')
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const address = (path: string) => `http://127.0.0.1:${port}${path}`

  /** The shipped files, with the names that exist only between containers turned into this machine's. */
  function writeSite(upstream: number) {
    const site = readFileSync(join(folder, 'default.conf'), 'utf8')
      .replace('server server:8000;', `server 127.0.0.1:${upstream};`)
      .replace('listen 8080;', `listen 127.0.0.1:${port};`)
      .replace('/usr/share/nginx/html', join(dir, 'html'))
      .replaceAll('/etc/nginx/', '')
    mkdirSync(join(dir, 'html', 'assets'), { recursive: true })
    writeFileSync(join(dir, 'html', 'index.html'), '<meta name="csp-nonce" content="__CSP_NONCE__">')
    writeFileSync(join(dir, 'html', 'assets', 'a-1.js'), 'export {}')
    writeFileSync(join(dir, 'site.conf'), site)
    copyFileSync(join(folder, 'security-headers.conf'), join(dir, 'security-headers.conf'))
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${join(dir, n)};`)
    const main = ['daemon off;', `pid ${join(dir, 'pid')};`, 'events {}']
    const http = [
      'types { text/html html; text/javascript js; }',
      'access_log off;',
      ...temporary,
      'include site.conf;',
    ]
    writeFileSync(join(dir, 'nginx.conf'), [...main, 'http {', ...http, '}', ''].join('\n'))
    // As root, nginx reads the files as another user.
    for (const path of [dir, join(dir, 'html'), join(dir, 'html', 'assets')]) chmodSync(path, 0o755)
  }

  test('is one that nginx accepts', () => {
    expect(() => execFileSync('nginx', ['-t', '-c', join(dir, 'nginx.conf')], { env, stdio: 'pipe' })).not.toThrow()
  })

  test('hands a delivery on while it still arrives, however large', async () => {
    const arrived = new Promise<void>((resolve) => {
      received = (incoming) => incoming.once('data', () => resolve())
    })
    const post = request(address('/api/ingestion/rows'), { method: 'POST' })
    post.write(Buffer.alloc(64 * 1024))
    await arrived
    const answered = once(post, 'response') as Promise<[IncomingMessage]>
    for (let sent = 0; sent < 8; sent++) if (!post.write(Buffer.alloc(1024 * 1024))) await once(post, 'drain')
    post.end()
    const [answer] = await answered
    answer.resume()
    expect(answer.statusCode).toBe(200)
  })

  test('says whose request it is', async () => {
    received = () => {}
    const answer = await fetch(address('/api/auth/me'), { headers: { 'x-forwarded-for': '198.51.100.7' } })
    expect(await answer.text()).toBe('198.51.100.7, 127.0.0.1')
  })

  test('gives each page a nonce of its own, the same in the header and in the page', async () => {
    const nonces = []
    for (const path of ['/', '/cases/7']) {
      const answer = await fetch(address(path))
      const policy = answer.headers.get('content-security-policy') ?? ''
      const nonce = /'nonce-([0-9a-f]{32})'/.exec(policy)?.[1] ?? 'none'
      expect(await answer.text()).toContain(`content="${nonce}"`)
      expect(policy).not.toContain('unsafe')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      nonces.push(nonce)
    }
    expect(nonces[0]).not.toBe(nonces[1])
  })

  test('lets assets be kept, and knows when there is none', async () => {
    const asset = await fetch(address('/assets/a-1.js'))
    expect(asset.headers.get('cache-control')).toContain('immutable')
    expect(asset.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await fetch(address('/assets/gone.js'))).status).toBe(404)
    expect((await fetch(address('/metrics'))).status).toBe(404)
  })

  test('refuses in the form that each sender understands while the server is away', async () => {
    received = (incoming) => incoming.socket.destroy()
    const refusal = async (path: string) => {
      const { status, headers } = await fetch(address(path))
      return [status, headers.get('content-type'), headers.get('retry-after')]
    }
    expect(await refusal('/api/ingestion/rows')).toEqual([503, 'application/json', '5'])
    expect(await refusal('/api/ingestion/elastic/_bulk')).toEqual([503, 'text/plain', '5'])
    expect(await refusal('/api/ingestion/splunk/services/collector')).toEqual([503, 'application/json', '5'])
  })
})
