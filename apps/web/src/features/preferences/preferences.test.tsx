// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { density, letterKeys } from '../../lib/prefs.ts'
import { pageBed, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

const keptOf = async (tenantId: number) =>
  (await bed.root.query('select key, value from preferences where tenant_id = $1 order by key', [tenantId])).rows

test('density and keys are kept with the account', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/account', { tenantId, role: 'viewer' })
  await user.click(await screen.findByRole('radio', { name: 'Comfortable' }))
  await user.click(screen.getByRole('switch', { name: /Single-letter keys/ }))
  await expect
    .poll(() => keptOf(tenantId))
    .toEqual([
      { key: 'density', value: 'comfortable' },
      { key: 'letters', value: 'off' },
    ])
})

test('another browser takes what the account keeps, and leaves alone what it does not', async () => {
  const tenantId = await bed.tenant()
  density.set('comfortable')
  letterKeys.set('off')
  const keep = bed.root.query(
    `create function keep_letters() returns trigger language plpgsql as $$ begin
       if new.tenant_id = ${tenantId} then insert into preferences (tenant_id, user_id, key, value) values (new.tenant_id, new.id, 'letters', '"on"'); end if;
       return new; end $$;
     create trigger keep_letters after insert on users for each row execute function keep_letters()`,
  )
  await keep
  await bed.open('/account', { tenantId })
  await expect.poll(() => letterKeys.get()).toBe('on')
  expect(density.get()).toBe('comfortable')
})
