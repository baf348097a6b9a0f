#!/usr/bin/env node
// The one entry of `npm start`, `npm test`, `npm run bench` and `npm run admin`. It needs nothing but Node and npm.
const [major] = process.versions.node.split('.').map(Number)
if (major < 20) {
  console.error(
    `VelociCompanion needs Node 20 or newer, and this is ${process.version}: install one from https://nodejs.org.`,
  )
  process.exit(1)
}
const { main } = await import('./run/jobs.mjs')
await main(process.argv.slice(2))
