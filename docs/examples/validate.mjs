// Reads every topic and checks every message against docs/schemas; prints what is wrong, and a count at the end.
//
//     npm install mqtt ajv ajv-formats        (anywhere; run it from there)
//     node .../docs/examples/validate.mjs mqtt://127.0.0.1:1883 viewer PASSWORD [SECONDS] [PREFIX]
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(join(process.cwd(), "package.json"));
const mqtt = require("mqtt");
const Ajv = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;

const [url, username, password, seconds = "60", prefix = ""] = process.argv.slice(2);
const folder = join(dirname(fileURLToPath(import.meta.url)), "../schemas");
const topics = JSON.parse(readFileSync(join(folder, "topics.json"), "utf8"));
const ajv = addFormats(new Ajv({ allErrors: true, strict: false }));
for (const file of readdirSync(folder)) {
  if (file !== "topics.json") ajv.addSchema(JSON.parse(readFileSync(join(folder, file), "utf8")), file);
}

/** The schema of a topic, by its template: one level stands for {name}. */
function schemaOf(topic) {
  const levels = topic.split("/");
  const found = Object.keys(topics).find((template) => {
    const parts = template.split("/");
    return parts.length === levels.length && parts.every((part, at) => part === "{name}" || part === levels[at]);
  });
  return found && topics[found];
}

const count = { messages: 0, invalid: 0, others: 0 };
const seen = new Set();
const client = mqtt.connect(url, { username, password, protocolVersion: 5 });
client.on("connect", () => client.subscribe(`${prefix}#`, { qos: 1 }));
client.on("message", (topic, payload) => {
  if (!payload.length) return; // a device that was removed
  const schema = schemaOf(topic.slice(prefix.length));
  if (!schema) return void count.others++;
  count.messages++;
  seen.add(topic);
  let fault;
  try {
    const check = ajv.getSchema(schema);
    fault = check(JSON.parse(payload)) ? "" : ajv.errorsText(check.errors);
  } catch (error) {
    fault = String(error);
  }
  if (fault) {
    count.invalid++;
    console.log(`${topic}: ${fault}`);
  }
});
setTimeout(() => {
  console.log(`${count.messages} messages on ${seen.size} topics, ${count.invalid} invalid; ${count.others} of other programs`);
  client.end(true, () => process.exit(count.invalid ? 1 : 0));
}, Number(seconds) * 1000);
