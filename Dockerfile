# Two images of one tree: `--target server` and `--target web`.
FROM node:26.10.0-bookworm-slim AS tools
ENV CI=1 TURBO_TELEMETRY_DISABLED=1
RUN npm install --global --no-audit --no-fund pnpm@12.21.0
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.base.json ./
COPY apps/server/package.json apps/server/
COPY apps/web/package.json apps/web/
COPY packages/api/package.json packages/api/
COPY packages/db/package.json packages/db/

FROM tools AS web-build
RUN pnpm install --frozen-lockfile --filter "@velocicompanion/web..."
COPY integrations integrations
COPY packages packages
COPY apps/web apps/web
RUN pnpm --filter @velocicompanion/web run build

# The tree itself and no `pnpm deploy`: Node strips no types from copies under node_modules.
FROM tools AS server-modules
RUN pnpm install --prod --frozen-lockfile --filter "@velocicompanion/server..."

FROM node:26.10.0-bookworm-slim AS server
WORKDIR /app
COPY --from=server-modules /app ./
COPY LICENSE ./
COPY integrations integrations
COPY packages packages
COPY apps/server apps/server
RUN mkdir /data && chown node:node /data
ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
USER node
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/server/src/main.ts"]

FROM nginxinc/nginx-unprivileged:1.30.4-alpine-slim AS web
COPY deploy/nginx/default.conf /etc/nginx/conf.d/default.conf
COPY deploy/nginx/security-headers.conf /etc/nginx/security-headers.conf
COPY --from=web-build /app/apps/web/dist /usr/share/nginx/html
USER 101
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
