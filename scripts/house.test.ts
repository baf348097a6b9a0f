import { expect, test } from 'vitest'
import { faults } from './house.ts'

const house = (tree: Record<string, string>) => faults({ files: Object.keys(tree), read: (file) => tree[file] ?? '' })

test('finds nothing in a house that is in order', () => {
  expect(
    house({
      'packages/api/src/hosts/router.ts': "import { listHosts } from './queries.ts'",
      'packages/api/src/hosts/queries.ts': "import type { DB } from '@velocicompanion/db'",
      'apps/web/src/features/hosts/HostsPage.tsx':
        "import type { AppRouter } from '@velocicompanion/api'\nimport { may } from '@velocicompanion/api/permissions'",
    }),
  ).toEqual([])
})

test('refuses a word outside the vocabulary of a slice', () => {
  expect(house({ 'packages/api/src/hosts/service.ts': '' })).toHaveLength(1)
})

test('refuses imports against the direction of the packages', () => {
  expect(house({ 'packages/db/src/a.ts': "import { x } from '@velocicompanion/api'" })).toHaveLength(1)
  expect(house({ 'apps/web/src/a.ts': "import { x } from '../../server/src/app.ts'" })).toHaveLength(1)
})

test('refuses a value of the API in the web', () => {
  expect(house({ 'apps/web/src/a.ts': "import { appRouter } from '@velocicompanion/api'" })).toHaveLength(1)
})

test('refuses features that import each other in a circle', () => {
  expect(
    house({
      'packages/api/src/hosts/queries.ts': "import { b } from '../cases/queries.ts'",
      'packages/api/src/cases/queries.ts': "import { a } from '../hosts/queries.ts'",
    }),
  ).toHaveLength(1)
})

test('refuses a migration that is not listed', () => {
  expect(house({ 'packages/db/migrations/0009_x.ts': '', 'packages/db/migrations/index.ts': '' })).toHaveLength(1)
})
