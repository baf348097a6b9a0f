import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Service {
  build?: { target: string }
  image?: string
  ports?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  healthcheck?: { test: string[] }
}

const text = read('docker-compose.yml')
const compose = parse(text) as { services: Record<string, Service>; volumes: Record<string, unknown> }
const services = Object.entries(compose.services)
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ').split('\n')
const stages = dockerfile.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' '))

test('compose publishes the web, the server and PostgreSQL on this machine only', () => {
  expect(Object.fromEntries(services.map(([name, { ports }]) => [name, ports]))).toEqual({
    web: ['127.0.0.1:3000:8080'],
    server: ['127.0.0.1:8000:8000'],
    postgres: ['127.0.0.1:5432:5432'],
  })
})

test('compose knows for each service whether it is healthy', () => {
  for (const [name, { healthcheck }] of services) expect(healthcheck?.test[0], name).toBe('CMD')
})

test('compose keeps data in named volumes', () => {
  const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
  const named = used.filter((source) => !source.startsWith('.'))
  expect(named.toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
  for (const source of used.filter((one) => one.startsWith('.')))
    expect(existsSync(join(root, source)), source).toBe(true)
})

test('compose takes every secret from the env file and has none of its own', () => {
  const example = [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value]) => ({
    name,
    value,
  }))
  const wanted = new Set([...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name))
  expect([...wanted].toSorted()).toEqual(example.map(({ name }) => name).toSorted())
  const secrets = example.filter(({ name }) => /PASSWORD|KEY|TOKEN/.test(name))
  expect(secrets.map(({ value }) => value).join('')).toBe('')
  for (const name of ['POSTGRES_PASSWORD', 'DATABASE_PASSWORD', 'SECRET_KEY']) expect(text).toContain(`\${${name}:?`)
  expect(read('.gitignore').split('\n')).toContain('.env')
})

test('compose keeps the password of the superuser out of the server', () => {
  expect(JSON.stringify(compose.services.server)).not.toContain('POSTGRES_PASSWORD')
})

test('compose builds stages that the Dockerfile has', () => {
  const named = stages.map(([, , , name]) => name)
  for (const [name, { build, image }] of services) {
    if (build) expect(named, name).toContain(build.target)
    else expect(image).toMatch(/:\d+\.\d+$/)
  }
})

test('the Dockerfile pins its bases and runs nothing as root', () => {
  const names = new Set(stages.map(([, , , name]) => name))
  for (const [, base = ''] of stages) if (!names.has(base)) expect(base).toMatch(/:\d+\.\d+\.\d+-[a-z-]+$/)
  for (const target of ['server', 'web']) {
    const from = dockerfile.findIndex((line) => line.endsWith(` AS ${target}`))
    const next = dockerfile.findIndex((line, at) => at > from && line.startsWith('FROM '))
    const user = dockerfile.slice(from, next < 0 ? undefined : next).find((line) => line.startsWith('USER '))
    expect(user, target).toMatch(/^USER (node|101)$/)
  }
})

test('everything that the Dockerfile copies is there', () => {
  const copies = dockerfile.filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  const sources = copies.flatMap((line) => line.split(/\s+/).slice(1, -1))
  expect(sources.length).toBeGreaterThan(10)
  for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true)
})

test('the images have every package that their programs import', () => {
  for (const folder of ['apps/server', 'packages/api', 'packages/db']) {
    const { name, dependencies } = JSON.parse(read(join(folder, 'package.json')))
    const files = globSync('{src,migrations}/**/*.ts', { cwd: join(root, folder) })
    for (const file of files.filter((one) => !/\.test\.ts$|testing\.ts$/.test(one))) {
      const imports = [
        ...read(join(folder, file)).matchAll(/^(?:import|export) (?!type )[^'"]*?from '([a-z@][^']*)'/gm),
      ]
      for (const [, wanted = ''] of imports) {
        const [first, second] = wanted.split('/')
        const owner = first?.startsWith('@') ? `${first}/${second}` : first
        if (wanted.startsWith('node:') || owner === name) continue
        expect(Object.keys(dependencies), `${folder}/${file}`).toContain(owner)
      }
    }
  }
})
