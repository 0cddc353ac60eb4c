//! The examples at the end of each help.

use clap::Command;
use runcomfy::schema::ModelSchema;

/// Command lines of each command, without `runcomfy`.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "run",
        &[
            "run bytedance/dreamina-4-0/text-to-image --prompt \"A boat\" --emulate",
            "run bytedance/dreamina-4-0/edit --image-urls *.png --prompt @in.txt",
            "run bytedance/dreamina-4-0/edit --help",
        ],
    ),
    (
        "validate",
        &["validate bytedance/dreamina-4-0/edit --image-urls a.png --prompt Oil"],
    ),
    (
        "code",
        &["code bytedance/dreamina-4-0/text-to-image --prompt Boat > src/main.rs"],
    ),
    ("status", &["status REQUEST_ID --output json"]),
    ("result", &["result REQUEST_ID --output-dir pictures"]),
    ("resume", &["resume REQUEST_ID --timeout 5m"]),
    ("cancel", &["cancel REQUEST_ID"]),
    ("requests get", &["requests get REQUEST_ID"]),
    ("requests result", &["requests result REQUEST_ID"]),
    ("requests cancel", &["requests cancel REQUEST_ID"]),
    #[cfg(feature = "mcp")]
    (
        "mcp",
        &[
            "mcp --budget 5",
            "mcp --emulate",
            "mcp --model 'bytedance/**'",
        ],
    ),
    #[cfg(feature = "batch")]
    (
        "batch run",
        &[
            "batch run boats.jsonl --budget 5",
            "batch run boats.csv --model bytedance/dreamina-4-0/edit --yes",
            "batch run boats.jsonl --emulate",
        ],
    ),
    #[cfg(feature = "batch")]
    (
        "batch status",
        &[
            "batch status boats.jsonl",
            "batch status boats.jsonl --output json",
        ],
    ),
    #[cfg(feature = "batch")]
    ("batch list", &["batch list boats.jsonl --state in_doubt"]),
    #[cfg(feature = "batch")]
    (
        "batch report",
        &[
            "batch report boats.jsonl --out boats.html",
            "batch report boats.jsonl --events",
        ],
    ),
    #[cfg(feature = "batch")]
    (
        "batch resolve",
        &[
            "batch resolve KEY boats.jsonl --request-id ID",
            "batch resolve KEY boats.jsonl --no-job",
            "batch resolve --all boats.jsonl --no-job",
        ],
    ),
    #[cfg(feature = "batch")]
    (
        "batch cancel",
        &[
            "batch cancel boats.jsonl --state ready",
            "batch cancel boats.jsonl --job boat-7",
        ],
    ),
    #[cfg(feature = "batch")]
    ("batch doctor", &["batch doctor boats.jsonl"]),
    #[cfg(feature = "batch")]
    (
        "batch work",
        &["batch work --store 'postgres://jobs@db.example/runs?batch=boats'"],
    ),
    (
        "models list",
        &["models list --search video", "models list --built-in"],
    ),
    ("models get", &["models get bytedance/dreamina-4-0/edit"]),
    ("models categories", &["models categories"]),
    ("login", &["login", "login --token - < token.txt"]),
    ("whoami", &["whoami --output json"]),
    ("logout", &["logout"]),
    ("balance", &["balance"]),
    ("probe", &["probe image.png https://example.com/clip.mp4"]),
    (
        "skill",
        &[
            "skill --out .claude/skills/runcomfy",
            "skill --models 'bytedance/**' --out skills/bytedance",
            "skill --built-in --check --out .claude/skills/runcomfy",
        ],
    ),
    (
        "init",
        &["init bytedance/dreamina-4-0/edit --path ../runcomfy"],
    ),
    ("completion", &["completion bash"]),
];

/// Adds the examples to all commands of the tree.
pub(crate) fn add(root: Command, model: Option<&ModelSchema>) -> Command {
    root.mut_subcommands(|command| added(command, "", model))
}

fn added(command: Command, parent: &str, model: Option<&ModelSchema>) -> Command {
    let path = format!("{parent} {}", command.get_name());
    let path = path.trim();
    let command = command.mut_subcommands(|command| added(command, path, model));
    let lines: Vec<String> = match model {
        // The page of a model has its flags above.
        Some(model) if ["run", "validate", "code"].contains(&path) => {
            vec![format!("{path} {} --input @input.json", model.id)]
        }
        _ => {
            let found = EXAMPLES.iter().find(|(name, _)| *name == path);
            let lines = found.map(|(_, lines)| *lines).unwrap_or_default();
            lines.iter().map(|line| (*line).to_owned()).collect()
        }
    };
    if lines.is_empty() {
        return command;
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("  runcomfy {line}"))
        .collect();
    let examples = format!("Examples:\n{}", lines.join("\n"));
    let text = match command.get_after_help() {
        Some(other) => format!("{other}\n\n{examples}"),
        None => examples,
    };
    command.after_help(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the words of a command line in a shell, without its redirections.
    fn words(line: &str) -> Vec<String> {
        let line = line
            .split([' '])
            .take_while(|word| !["<", ">"].contains(word));
        let line = line.collect::<Vec<_>>().join(" ");
        let parts = line.split('"').enumerate();
        let words = parts.flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        std::iter::once("runcomfy".to_owned())
            .chain(words)
            .collect()
    }

    #[test]
    fn every_command_has_examples_that_it_accepts() {
        for &(path, lines) in EXAMPLES {
            assert!(!lines.is_empty());
            for line in lines {
                assert!(line.starts_with(path), "{line}");
                assert!("  runcomfy ".len() + line.len() <= 80, "{line} wraps");
                let words = words(line);
                let model = words.iter().find_map(|word| runcomfy_models::find(word));
                let root = crate::command::root(model);
                let id = model.map(|model| &*model.id);
                let words = crate::several_values::expand(words, &root, id);
                if let Err(error) = root.try_get_matches_from(words) {
                    assert!(!error.use_stderr(), "{line}: {error}");
                }
            }
        }
        let mut commands: Vec<(String, Command)> = crate::command::root(None)
            .get_subcommands()
            .map(|command| (command.get_name().to_owned(), command.clone()))
            .collect();
        while let Some((path, command)) = commands.pop() {
            let below = command.get_subcommands();
            commands.extend(below.map(|c| (format!("{path} {}", c.get_name()), c.clone())));
            // The emulator prints its own help.
            let has_none = command.has_subcommands() || path == "emulator";
            let has = EXAMPLES.iter().any(|(name, _)| *name == path);
            assert!(has || has_none, "{path} has no examples");
        }
    }
}
