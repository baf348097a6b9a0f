import { cpus, totalmem } from 'node:os'

type Benchmark = (args: string[]) => Promise<unknown>

const benchmarks: Record<string, () => Promise<Benchmark>> = {
  crash: async () => {
    const { crash } = await import('./crash.ts')
    return ([kills = '50']) => crash(Number(kills))
  },
  bodies: async () => {
    const { bodies } = await import('./bodies.ts')
    return ([senders = '16', mb = '100', slow = '500', only]) => bodies(Number(senders), Number(mb), Number(slow), only)
  },
  chaos: async () => {
    const { chaos } = await import('./chaos.ts')
    return ([minutes = '5']) => chaos({ seconds: Number(minutes) * 60 })
  },
  ingest: async () => {
    const { ingest } = await import('./ingest.ts')
    return ([rows = '200000', pairs = '3', flowRows]) =>
      ingest(Number(rows), Number(pairs), flowRows ? Number(flowRows) : undefined)
  },
  stages: async () => {
    const { stages } = await import('./stages.ts')
    return ([rows = '60000']) => stages(Number(rows))
  },
  export: async () => {
    const { exportRows } = await import('./export.ts')
    return ([rows = '1000000']) => exportRows(Number(rows))
  },
  import: async () => {
    const { importZip } = await import('./import.ts')
    return ([mb = '2000']) => importZip(Number(mb))
  },
  search: async () => {
    const { search } = await import('./search.ts')
    return ([rows = '1000000', rounds = '20', folder, only, busy]) =>
      search({ rows: Number(rows), rounds: Number(rounds), folder: folder || undefined, only, busy: busy === 'busy' })
  },
  indicators: async () => {
    const { indicators } = await import('./indicators.ts')
    return ([rows = '1000000', arriving = '60000', pairs = '3', folder]) =>
      indicators({ rows: Number(rows), arriving: Number(arriving), pairs: Number(pairs), folder })
  },
  hosts: async () => {
    const { hosts } = await import('./hosts.ts')
    return ([count = '100000', rounds = '20']) => hosts(Number(count), Number(rounds))
  },
  triage: async () => {
    const { triage } = await import('./triage.ts')
    return ([rows = '100000', rules = '1000', rounds = '20']) => triage(Number(rows), Number(rules), Number(rounds))
  },
  web: async () => {
    const { web } = await import('./web.ts')
    return ([rows = '1000000', rounds = '20', folder, queries = '200', scrolled = '10000']) =>
      web({ rows: Number(rows), rounds: Number(rounds), queries: Number(queries), scrolled: Number(scrolled), folder })
  },
  'sign-in': async () => {
    const { signIn } = await import('./sign-in.ts')
    return ([seconds = '5']) => signIn(Number(seconds))
  },
  start: async () => {
    const { start } = await import('./start.ts')
    return ([runs = '3']) => start(Number(runs))
  },
}

const [name = '', ...args] = process.argv.slice(2)
const load = benchmarks[name]
if (!load) {
  console.error(`npm run bench -- <name>, where <name> is one of: ${Object.keys(benchmarks).join(', ')}`)
  process.exit(1)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const run = await load()
const began = performance.now()
const result = await run(args)
const machine = { cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), node: process.version }
const seconds = Math.round(performance.now() - began) / 1000
console.log(JSON.stringify({ benchmark: name, at: new Date().toISOString(), machine, seconds, result }, null, 2))
