# Builds Pawl's image:  docker build -t registry.example.com/tools/pawl:0.1.0 .
# The agent is one bundled file, so the image holds node and that file: no npm, no node_modules, no git.
# Pin both base images by digest where builds must be repeatable.

FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# The development dependency `node` and esbuild have install scripts, so these are not switched off here.
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
COPY --from=build --chown=root:root --chmod=0555 /src/dist/pawl.js /app/pawl.js
# A number, not a name: Kubernetes can only check that a number is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["node", "/app/pawl.js"]
CMD ["run"]
