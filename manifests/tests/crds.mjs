// Holds custom resources against the published schemas: a JSON list of objects on standard input, a JSON list of complaints out.
import fs from "node:fs";

const packages = {
  "argoproj.io": "argo-cd",
  "cilium.io": "cilium",
  "external-secrets.io": "external-secrets",
  "monitoring.coreos.com": "prometheus-operator",
};
const objects = JSON.parse(fs.readFileSync(0, "utf8"));
const complaints = [];
for (const object of objects) {
  const [group, version] = object.apiVersion.split("/");
  let model;
  try {
    model = (await import(`@kubernetes-models/${packages[group]}/${group}/${version}`))[object.kind];
  } catch {
    model = undefined;
  }
  try {
    if (!model) throw new Error(`no published schema for ${object.apiVersion} ${object.kind}`);
    new model(object).validate();
    complaints.push([]);
  } catch (error) {
    complaints.push([error.message]);
  }
}
process.stdout.write(JSON.stringify(complaints));
