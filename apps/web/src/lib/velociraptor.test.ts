import { expect, test } from 'vitest'
import { flowAddress, hostAddress, huntAddress } from './velociraptor.ts'

const at = { guiUrl: 'https://velo.example.com:8889', orgId: 'O123' }

test('leads to the screen of the org', () => {
  const clientId = 'C.65eaef2473bdc091-O123'
  const app = 'https://velo.example.com:8889/app/index.html?org_id=O123'
  expect(hostAddress({ ...at, clientId })).toBe(`${app}#/host/${clientId}`)
  expect(flowAddress({ ...at, clientId, flowId: 'F.DC2JEN992QEAA.H' })).toBe(
    `${app}#/collected/${clientId}/F.DC2JEN992QEAA.H`,
  )
  expect(huntAddress({ ...at, huntId: 'H.DC2JEN992QEAA' })).toBe(`${app}#/hunts/H.DC2JEN992QEAA`)
})

test('leads nowhere without an address, to another kind of address, or for what Velociraptor does not have', () => {
  const clientId = 'C.1'
  expect(hostAddress({ guiUrl: null, orgId: 'root', clientId })).toBeUndefined()
  expect(hostAddress({ guiUrl: 'javascript:alert(1)', orgId: 'root', clientId })).toBeUndefined()
  expect(hostAddress({ ...at, clientId: null })).toBeUndefined()
  expect(hostAddress({ ...at, clientId: 'server' })).toBeUndefined()
  expect(flowAddress({ ...at, clientId, flowId: '2026-11-24 Events/Source' })).toBeUndefined()
})
