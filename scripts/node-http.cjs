// An `import` of node:http reads all of its exports to list them, and with WebSocket loads undici: 40 ms of a cold start for nothing. `require` doesn't.
module.exports = require("http");
