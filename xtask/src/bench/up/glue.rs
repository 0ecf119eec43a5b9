//! What envctl is measured against: the same images, dump and migrations, put together from
//! Compose, psql and curl by a shell script, as it is done without envctl.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Waits as such scripts do: ten times a second, for the socket's answer and then for HTTP.
const UP: &str = r#"
set -eu
cd "$BENCH"
docker-compose up -d db
export PGHOST=127.0.0.1 PGPORT=25999 PGUSER=postgres PGPASSWORD=postgres PGDATABASE=rates
until "$PSQL" -Xqc 'select 1' >/dev/null 2>&1; do sleep 0.1; done
gzip -dc "$ROOT/fixtures/rates/rates.sql.gz" | "$PSQL" -Xq -v ON_ERROR_STOP=1 >/dev/null
for file in "$ROOT"/envs/rates/migrations/V*.sql; do
    "$PSQL" -Xq -v ON_ERROR_STOP=1 -1 -f "$file"
done
docker-compose up -d api
until curl -sf http://127.0.0.1:25998/ >/dev/null; do sleep 0.1; done
"#;

const DOWN: &str = r#"cd "$BENCH" && docker-compose down --volumes"#;

/// A folder with a Compose file of the images that an instance on Docker runs.
pub(super) struct Glue<'a> {
    root: &'a Path,
    folder: &'a Path,
    psql: String,
}

impl<'a> Glue<'a> {
    /// Writes the Compose file; `status` is envctl's answer about an instance that runs on Docker.
    pub(super) fn new(root: &'a Path, folder: &'a Path, status: &Value) -> anyhow::Result<Self> {
        let services = status["services"].as_array().context("no services")?;
        let image = |name: &str| {
            let mut services = services.iter();
            let found = services.find(|service| service["service"] == name);
            found.and_then(|service| service["image"].as_str())
        };
        let (db, api) = image("db").zip(image("api")).context("no images")?;
        let text = format!(
            r#"version: "3"
services:
  db:
    image: {db}
    environment: {{ POSTGRES_PASSWORD: postgres, POSTGRES_DB: rates, PGDATA: /var/lib/envctl/pgdata }}
    volumes: ["data:/var/lib/envctl"]
    ports: ["127.0.0.1:25999:5432"]
    stop_signal: SIGINT
  api:
    image: {api}
    environment: {{ DATABASE_URL: "postgresql://postgres:postgres@db:5432/rates", BIND: "0.0.0.0:3000" }}
    ports: ["127.0.0.1:25998:3000"]
volumes: {{ data: {{}} }}
"#
        );
        fs_err::write(folder.join("docker-compose.yml"), text)?;
        let psql = "ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -1";
        let output = Command::new("sh").args(["-c", psql]).output()?;
        let psql = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self {
            root,
            folder,
            psql: if psql.is_empty() {
                "psql".to_owned()
            } else {
                psql
            },
        })
    }

    pub(super) fn up(&self) -> anyhow::Result<Duration> {
        self.run(UP)
    }

    pub(super) fn down(&self) -> anyhow::Result<Duration> {
        self.run(DOWN)
    }

    fn run(&self, script: &str) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let output = Command::new("sh")
            .args(["-c", script])
            .env("BENCH", self.folder)
            .env("ROOT", self.root)
            .env("PSQL", &self.psql)
            .stdin(Stdio::null())
            .output()
            .context("cannot run sh")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(start.elapsed())
    }
}
