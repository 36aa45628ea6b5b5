# A worker: docker build -t shop-worker -f docs/deploy/worker.Dockerfile docs/deploy
FROM node:24-slim
ARG MILLRACE=millrace
ENV NODE_ENV=production
WORKDIR /app
RUN npm install --no-audit --no-fund "$MILLRACE"
COPY worker.mjs .
USER node
EXPOSE 8080
CMD ["node", "worker.mjs"]
