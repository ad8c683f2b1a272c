import { describe, expect, it } from "vitest";
import { parseImageReference, RuntimeProviderError } from "../../src/index.js";

const sha256 = `sha256:${"0123456789abcdef".repeat(4)}`;
const sha512 = `sha512:${"a".repeat(128)}`;
const path255 = `team/${"p".repeat(250)}`;

describe("parseImageReference", () => {
  it.each([
    ["ubuntu", "docker.io/library/ubuntu:latest"],
    ["ubuntu:24.04", "docker.io/library/ubuntu:24.04"],
    ["docker.io/ubuntu", "docker.io/library/ubuntu:latest"],
    ["index.docker.io/ubuntu:1", "docker.io/library/ubuntu:1"],
    ["docker.io/library/ubuntu", "docker.io/library/ubuntu:latest"],
    ["library/ubuntu", "docker.io/library/ubuntu:latest"],
    ["grafana/grafana:11.0.0", "docker.io/grafana/grafana:11.0.0"],
    ["team/deep/er/image", "docker.io/team/deep/er/image:latest"],
    ["ghcr.io/team/image", "ghcr.io/team/image:latest"],
    ["registry.example.com/image", "registry.example.com/image:latest"],
    ["registry.example.com:5000/a/b:v1", "registry.example.com:5000/a/b:v1"],
    ["localhost/image", "localhost/image:latest"],
    ["localhost:5000/image:x", "localhost:5000/image:x"],
    ["myhost:5000/image", "myhost:5000/image:latest"],
    ["127.0.0.1:5000/image", "127.0.0.1:5000/image:latest"],
    ["[::1]/image", "[::1]/image:latest"],
    ["[2001:db8::1]:5000/image:1", "[2001:db8::1]:5000/image:1"],
    // A first part with capitals can only be a host.
    ["Registry/image", "Registry/image:latest"],
    ["Docker.IO/ubuntu", "Docker.IO/ubuntu:latest"],
    ["xn--n3h.com/image", "xn--n3h.com/image:latest"],
    // Without a slash, what looks like a host and a port is a name and a tag.
    ["localhost:5000", "docker.io/library/localhost:5000"],
    ["registry.example.com", "docker.io/library/registry.example.com:latest"],
    ["image:Tag_With.Capitals-1", "docker.io/library/image:Tag_With.Capitals-1"],
    ["image:_x", "docker.io/library/image:_x"],
    [`image:${"t".repeat(128)}`, `docker.io/library/image:${"t".repeat(128)}`],
    [`image@${sha256}`, `docker.io/library/image@${sha256}`],
    [`image:1.0@${sha256}`, `docker.io/library/image:1.0@${sha256}`],
    [`ghcr.io:443/a/b@${sha512}`, `ghcr.io:443/a/b@${sha512}`],
    ["a_b/c__d/e.f/g-h/i---j", "docker.io/a_b/c__d/e.f/g-h/i---j:latest"],
    ["0/1", "docker.io/0/1:latest"],
    [path255, `docker.io/${path255}:latest`],
    ["f".repeat(63), `docker.io/library/${"f".repeat(63)}:latest`],
    [`x/${"f".repeat(64)}`, `docker.io/x/${"f".repeat(64)}:latest`],
  ])("SESS-3: reads %s as %s", (text, canonical) => {
    const reference = parseImageReference(text);
    expect(String(reference)).toBe(canonical);
    expect(parseImageReference(canonical)).toEqual(reference);
  });

  it("SESS-3: takes a reference apart, and leaves out what is not there", () => {
    expect({ ...parseImageReference("localhost:5000/team/image:v1") }).toEqual({
      registry: "localhost:5000",
      repository: "team/image",
      tag: "v1",
    });
    expect({ ...parseImageReference(`image@${sha256}`) }).toEqual({
      registry: "docker.io",
      repository: "library/image",
      digest: sha256,
    });
    expect(Object.keys(parseImageReference("image"))).toEqual(["registry", "repository", "tag"]);
  });

  const parts =
    "a part is lower-case letters and digits with single ., _ or __, or any number of - between them";
  const tag = "a tag is 1 to 128 letters, digits, _, . and -, and begins with neither . nor -";
  const registry = "a registry is a host and perhaps a port, as in registry.example.com:5000";
  it.each([
    ["", "is empty; write a name such as ubuntu:24.04"],
    [" ubuntu", "has white space in it; take it out"],
    ["ubuntu\n", "has white space in it; take it out"],
    ["https://ghcr.io/a", "begins with https://; begin with the registry's host"],
    ["docker://ubuntu", "begins with docker://; begin with the registry's host"],
    ["Ubuntu", 'has capitals in the repository "library/Ubuntu"; repositories are in lower case'],
    ["ghcr.io/Team/image", 'has capitals in the repository "Team/image"; repositories are in lower case'],
    ["ghcr.io/", "has no repository; write its name before the tag"],
    ["docker.io/", "has no repository; write its name before the tag"],
    ["ghcr.io/:v1", "has no repository; write its name before the tag"],
    ["/image", `has an empty part in its path; ${parts}`],
    ["ghcr.io//image", `has an empty part in its path; ${parts}`],
    ["ghcr.io/image/", `has an empty part in its path; ${parts}`],
    ["-image", `has the part "-image" in its path; ${parts}`],
    ["a..b/c-", `has the registry "a..b"; ${registry}`],
    ["team/a..b", `has the part "a..b" in its path; ${parts}`],
    ["team/a___b", `has the part "a___b" in its path; ${parts}`],
    ["team/a._b", `has the part "a._b" in its path; ${parts}`],
    ["team/image-", `has the part "image-" in its path; ${parts}`],
    ["team/ümage", `has the part "ümage" in its path; ${parts}`],
    ["team/${TAG}", 'has capitals in the repository "team/${TAG}"; repositories are in lower case'],
    ["image:", `has the tag ""; ${tag}`],
    ["image:-x", `has the tag "-x"; ${tag}`],
    ["image:.x", `has the tag ".x"; ${tag}`],
    ["image:a+b", `has the tag "a+b"; ${tag}`],
    ["image:a:b", `has the tag "a:b"; ${tag}`],
    [`image:${"t".repeat(129)}`, `has the tag "${"t".repeat(129)}"; ${tag}`],
    ["-host.com/image", `has the registry "-host.com"; ${registry}`],
    ["host_a.com/image", `has the registry "host_a.com"; ${registry}`],
    ["host:port/image", `has the registry "host:port"; ${registry}`],
    ["host:/image", `has the registry "host:"; ${registry}`],
    ["[::1/image", `has the registry "[::1"; ${registry}`],
    ["[fe80::1%eth0]/image", `has the registry "[fe80::1%eth0]"; ${registry}`],
    ["image@", 'has the digest ""; a digest begins with sha256:, sha384:, sha512:'],
    ["image@latest", 'has the digest "latest"; a digest begins with sha256:, sha384:, sha512:'],
    ["image@md5:00", 'has the digest "md5:00"; a digest begins with sha256:, sha384:, sha512:'],
    ["image@toString:00", 'has the digest "toString:00"; a digest begins with sha256:, sha384:, sha512:'],
    [
      "image@sha256:abc",
      'has the digest "sha256:abc"; sha256: is followed by 64 hexadecimal digits in lower case',
    ],
    [
      `image@${sha256.replaceAll("f", "F")}`,
      `has the digest "${sha256.replaceAll("f", "F")}"; sha256: is followed by 64 hexadecimal digits in lower case`,
    ],
    [
      `image@${sha256}@${sha256}`,
      `has the digest "${sha256}@${sha256}"; sha256: is followed by 64 hexadecimal digits in lower case`,
    ],
    ["f".repeat(64), "is 64 hexadecimal digits, an image's id; write the repository's name"],
    [`${path255}p`, "has a repository of 256 characters; 255 are the most that a registry takes"],
  ])("SESS-3: refuses %j with the fault and its mend", (text, message) => {
    expect(() => parseImageReference(text, "runtime.image")).toThrow(
      new RuntimeProviderError("INVALID_ARGUMENT", `runtime.image ${JSON.stringify(text)} ${message}`),
    );
  });
});
