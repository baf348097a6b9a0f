import { z } from 'zod'
import { cursorInput, limitInput } from '../keyset.ts'
import { senderKinds } from '../senders/rules.ts'
import { can, canAcross, canApart, router } from '../trpc.ts'
import { addKey, listKeys, makeKey, removeKey } from './imports/keys.ts'
import { mappingInput } from './imports/mapping.ts'
import { previewCsv } from './imports/preview.ts'
import { retryImport } from './imports/retry.ts'
import { cancelImport, filesOf, getImport, listImports } from './imports/queries.ts'
import { retryRejected } from './retry.ts'
import { makeTest, testArrived } from './test-rows.ts'
import { listDeliveries, overview, rejectedPart, rejectedRows } from './queries.ts'

const id = z.number().int().positive()
const pem = z.string().max(32_768)
/** It stands in the certificate. */
const keyName = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N} ._-]{1,60}$/u, 'letters, digits, spaces and . _ - only, at most 60')
const cursor = id.nullish().transform((c) => c ?? undefined)

export const ingestionRouter = router({
  overview: canAcross('ingestion:read')
    .input(z.object({ limit: z.number().int().min(1).max(200).default(50) }))
    .query(({ ctx, input }) => overview(ctx.scope, input.limit, ctx.services.now())),
  deliveries: canAcross('ingestion:read')
    .input(
      z.object({
        limit: limitInput,
        cursor: cursorInput,
        kind: z.string().max(40).optional(),
        tokenId: id.optional(),
        hostId: id.optional(),
        collectionId: id.optional(),
        problems: z.boolean().default(false),
      }),
    )
    .query(({ ctx, input }) => listDeliveries(ctx.scope, input)),
  rejected: canAcross('ingestion:read')
    .input(
      z.object({
        limit: z.number().int().min(1).max(200).default(50),
        cursor,
        deliveryId: id.optional(),
        /** Those that were stored after all, in place of those that are still set aside. */
        resolved: z.boolean().default(false),
      }),
    )
    .query(({ ctx, input }) => rejectedRows(ctx.scope, input)),
  retry: canApart('ingestion:send')
    .input(z.object({ ids: z.array(id).min(1).max(50) }))
    .mutation(({ ctx: { database, services, tenantId, actor, origin }, input }) =>
      retryRejected({ database, services, tenantId, actor, origin }, input.ids),
    ),
  testRow: can('token:manage')
    .input(z.object({ id, kind: z.enum(senderKinds) }))
    .mutation(({ ctx, input }) => makeTest(ctx.scope, input, ctx.services.now())),
  testArrived: can('token:manage')
    .input(z.object({ id, kind: z.enum(senderKinds), since: z.iso.datetime().transform((at) => new Date(at)) }))
    .query(({ ctx, input }) => testArrived(ctx.scope, ctx.database, input)),
  rejectedPart: can('ingestion:read')
    .input(z.object({ id, part: z.number().int().min(0).max(100_000) }))
    .query(({ ctx, input }) => rejectedPart(ctx.scope, input)),
  imports: canAcross('ingestion:read')
    .input(z.object({ limit: limitInput, cursor: cursorInput }))
    .query(({ ctx, input }) => listImports(ctx.scope, input)),
  import: can('ingestion:read')
    .input(z.object({ id }))
    .query(({ ctx, input }) => getImport(ctx.scope, input.id)),
  cancelImport: can('ingestion:send')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => cancelImport(ctx.scope, input.id)),
  retryImport: can('ingestion:send')
    .input(
      z.object({
        id,
        password: z.string().max(1000).optional(),
        privateKey: pem.optional(),
        mapping: mappingInput.optional(),
      }),
    )
    .mutation(({ ctx, input: { id, password, privateKey, mapping } }) =>
      retryImport(ctx.scope, ctx.services, { id, password, privateKey, mapping }),
    ),
  previewCsv: can('ingestion:send')
    .input(
      z.object({
        start: z.base64().min(4).max(100_000),
        whole: z.boolean(),
        mapping: mappingInput.optional(),
        hostname: z.string().max(1000),
        source: z.string().max(1000),
      }),
    )
    .query(({ ctx, input }) => previewCsv(ctx.scope, { ...input, start: Buffer.from(input.start, 'base64') })),
  keys: can('ingestion:read').query(({ ctx }) => listKeys(ctx.scope)),
  makeKey: can('token:manage')
    .input(z.object({ name: keyName }))
    .mutation(({ ctx, input }) => makeKey(ctx.scope, ctx.services, input)),
  addKey: can('token:manage')
    .input(z.object({ name: keyName, certificate: pem, privateKey: pem, password: z.string().max(1000).optional() }))
    .mutation(({ ctx, input }) => addKey(ctx.scope, ctx.services, input)),
  removeKey: can('token:manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => removeKey(ctx.scope, input.id)),
  files: can('collection:read')
    .input(z.object({ collectionId: id, limit: limitInput, cursor }))
    .query(({ ctx, input }) => filesOf(ctx.scope, input.collectionId, input)),
})
