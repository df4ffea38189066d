# Built in one stage, run in another: the image holds the package and what it needs to run.
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /packed

FROM node:22-bookworm-slim
ENV NODE_ENV=production MDENSITY_DATA=/data
WORKDIR /app
COPY --from=build /packed/*.tgz /tmp/packed/
# Scripts of dependencies would fetch what only a GPU needs.
RUN npm init -y >/dev/null \
  && npm install --ignore-scripts --no-audit --no-fund /tmp/packed/*.tgz bullmq@6 ioredis@5 \
  && npm cache clean --force \
  && rm -rf /tmp/packed \
  && mkdir /data \
  && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
# Of the server; a worker answers no requests, and its container ends when it does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/node_modules/mdensity/dist/cli/main.mjs"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
