type Json = Record<string, unknown>

export const error = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
})
const text = (name: string, where: string, description: string, required = false) => ({
  name,
  in: where,
  required,
  description,
  schema: { type: 'string' },
})
export const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } }

export const refusals = {
  400: error('The input is wrong; `detail` says where'),
  401: error('No valid credential'),
  403: error('The credential lacks the right'),
  503: error('Try again after `Retry-After` seconds'),
}

const uploader = (summary: string, description: string) => ({
  post: {
    tags: ['ingestion'],
    summary,
    description: `Needs a token with the scope ingest that names its Velociraptor server and org. ${description}`,
    requestBody: { required: true, content: { 'application/json': {} } },
    responses: { 200: { description: 'Durable' }, 400: { description: 'Not what this sender sends' } },
  },
})

/** Routes with handlers of their own. */
export const described: Record<string, Json> = {
  '/api/collections/{id}/rows': {
    get: {
      tags: ['collections'],
      summary: 'Rows of one source as JSON lines, each exactly as it was sent, in row order, without a cap',
      description: 'Needs row:read.',
      parameters: [id, text('source', 'query', 'Name of the source; may be left out where there is only one')],
      responses: {
        200: { description: 'JSON lines', content: { 'application/x-ndjson': {} } },
        ...refusals,
        404: error('No such collection or source'),
      },
    },
  },
  '/api/exports/{id}/file': {
    get: {
      tags: ['exports'],
      summary: 'The file of an export; it may be read while it is written, and is then cut when the export is',
      description:
        'Needs row:read; only your own. JSON lines are the rows exactly as they were sent. One range of bytes can be asked for, with `If-Range`: while the file is written, a part of what is there, and no length of the whole.',
      parameters: [id, text('Range', 'header', 'One range: bytes=1000-')],
      responses: {
        200: {
          description: 'The file',
          content: { 'text/csv': {}, 'application/x-ndjson': {}, 'application/vnd.apache.parquet': {} },
        },
        206: { description: 'A part of it' },
        416: { description: 'The whole file is shorter' },
        ...refusals,
        404: error('No such export of yours, or it has no file any longer'),
        409: error('It waits for its turn'),
      },
    },
  },
  '/api/exports/{id}/saving': {
    post: {
      tags: ['exports'],
      summary:
        'Let the browser save the file by itself: sets a cookie for its address alone, for the life of an access token',
      description: 'Needs row:read, and a session.',
      parameters: [id],
      responses: { 200: { description: 'The cookie is set' }, ...refusals, 404: error('No such export of yours') },
    },
  },
  '/api/ingestion/ingest': {
    post: {
      tags: ['ingestion'],
      summary: 'One document with rows of one host',
      description:
        'Needs a token with the scope ingest, or ingestion:send. A repeat of the same Idempotency-Key, or of the same bytes within 10 minutes, is the same record. At most 32 MB.',
      parameters: [text('Idempotency-Key', 'header', 'Names this delivery')],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['hostname', 'data'],
              properties: {
                hostname: { type: 'string' },
                data: { anyOf: [{ type: 'object' }, { type: 'array', items: { type: 'object' } }] },
                client_id: { type: 'string' },
                artifact: { type: 'string', description: 'Name of the source; ingest unless told' },
                ip_address: { type: 'string' },
                os: { type: 'string' },
              },
            },
          },
        },
      },
      responses: {
        201: { description: 'Kept: id, host_id, collection_id, source, rows, rejected' },
        200: { description: 'A repeat: the same record' },
        ...refusals,
        409: error('The key came before with another body'),
        413: error('The body is too large'),
      },
    },
  },
  '/api/ingestion/import': {
    post: {
      tags: ['ingestion'],
      summary: 'A file: a zip of Velociraptor (offline collector, export of a flow or hunt), CSV, JSON lines or JSON',
      description:
        'Needs a token with the scope ingest, or ingestion:send. As a form with one file, or as the raw body with `?name=`. At most 16 GB. Password and private key are taken from a form only, and forgotten when the import ends.',
      parameters: [
        text('name', 'query', 'Name of the file, where the body is the file'),
        text('hostname', 'query', 'Host of rows that name none; a form may say it too'),
      ],
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              required: ['file'],
              properties: {
                file: { type: 'string', format: 'binary' },
                hostname: { type: 'string', description: 'Host of rows that name none' },
                artifact: { type: 'string', description: 'Name of the source of a CSV or JSON file' },
                client_id: { type: 'string', description: 'Client of rows that name none' },
                flow_id: { type: 'string', description: 'Flow of rows that name none' },
                org_id: { type: 'string', description: "Refused when it is not that of the token's server" },
                mapping: {
                  type: 'string',
                  description:
                    'JSON: which columns of a CSV say hostname, clientId, flowId, time (timeOrder dmy or mdy) and source, or artifact as its name. Remembered for the same header; {} for none',
                },
                password: { type: 'string' },
                private_key: { type: 'string', description: 'PEM of the key that a container was locked for' },
                server_id: { type: 'integer', description: 'Velociraptor server and org that the file comes from' },
              },
            },
          },
          'application/octet-stream': {},
        },
      },
      responses: {
        202: { description: 'Kept and lined up: id, state' },
        ...refusals,
        413: error('The file is larger than 16 GB'),
      },
    },
  },
  '/api/ingestion/imports/{id}': {
    get: {
      tags: ['ingestion'],
      summary: 'How an import goes: state queued, running, done or failed, what went in so far, and the error',
      description: 'Needs ingestion:read; a token with the scope ingest sees what it sent itself.',
      parameters: [id],
      responses: { 200: { description: 'The import' }, ...refusals, 404: error('No such import') },
    },
  },
  '/api/ingestion/webdav/{name}': {
    put: {
      tags: ['ingestion'],
      summary: 'As upload_webdav() sends a file, with the token as password',
      description: 'Needs a token with the scope ingest, or ingestion:send. The last part of the path names the file.',
      parameters: [text('name', 'path', 'Path of the file', true)],
      requestBody: { required: true, content: { 'application/octet-stream': {} } },
      responses: { 201: { description: 'Kept and lined up for import: id, state' }, ...refusals },
    },
  },
  '/api/files/{sha256}': {
    get: {
      tags: ['collections'],
      summary: 'The bytes of a file that was collected',
      description: 'Needs collection:read. Always an attachment.',
      parameters: [
        text('sha256', 'path', 'Hash of the bytes in hexadecimal digits', true),
        text('name', 'query', 'Name of the attachment'),
      ],
      responses: {
        200: { description: 'The bytes', content: { 'application/octet-stream': {} } },
        ...refusals,
        404: error('No such file'),
      },
    },
  },
  '/api/ingestion/rows': {
    post: {
      tags: ['ingestion'],
      summary: 'JSON lines of the Velociraptor artifacts Custom.VelociCompanion.Feed and Backfill',
      description: 'Needs a token with the scope ingest that names its Velociraptor server and org.',
      requestBody: { required: true, content: { 'application/x-ndjson': {} } },
      responses: {
        200: { description: 'Durable: kind, rows, rejected' },
        ...refusals,
        413: error('The body is larger than INGEST_BODY_MB'),
      },
    },
  },
  '/api/ingestion/elastic/_bulk': uploader(
    'What elastic_upload() and Elastic.Flows.Upload send, with the address …/api/ingestion/elastic',
    'Every refusal is text/plain: a JSON answer makes this sender drop its rows.',
  ),
  '/api/ingestion/splunk/services/collector': uploader(
    'HTTP Event Collector, as splunk_upload() sends it',
    'Refusals carry the codes of HEC.',
  ),
  '/api/ingestion/logscale/v1/ingest/humio-structured': uploader(
    'As logscale_upload() sends it, with the base URL …/api/ingestion/logscale',
    '503 with Retry-After makes this sender wait.',
  ),
  '/health': {
    get: {
      tags: ['health'],
      summary: 'The process answers',
      security: [],
      responses: { 200: { description: 'healthy' } },
    },
  },
  '/health/ready': {
    get: {
      tags: ['health'],
      summary: 'The database answers',
      security: [],
      responses: { 200: { description: 'healthy' }, 503: refusals[503] },
    },
  },
  '/metrics': {
    get: {
      tags: ['health'],
      summary: 'Metrics as Prometheus text',
      responses: { 200: { description: 'Metrics', content: { 'text/plain': {} } } },
    },
  },
}
