//! The secrets that stand in a check's own texts.

use crate::model::{
    Action, Auth, Call, Check, Expect, Json, Matcher, Part, PartContent, RequestBody, Secret,
    Template,
};

/// Returns every secret of a check.
pub(super) fn of_check(check: &Check) -> Vec<&Secret> {
    let mut found = FoundSecrets(Vec::new());
    found.action(&check.action);
    found.expect(&check.expect);
    found.0
}

struct FoundSecrets<'a>(Vec<&'a Secret>);

impl<'a> FoundSecrets<'a> {
    fn text(&mut self, template: &'a Template) {
        let secrets = template.parts.iter().filter_map(|part| match part {
            Part::Secret(secret) => Some(secret),
            Part::Text(_) | Part::Reference(_) => None,
        });
        self.0.extend(secrets);
    }

    fn texts(&mut self, templates: impl IntoIterator<Item = &'a Template>) {
        templates.into_iter().for_each(|it| self.text(it));
    }

    fn json(&mut self, json: &'a Json) {
        self.texts(json.holes.iter().map(|hole| &hole.template));
    }

    fn action(&mut self, action: &'a Action) {
        match action {
            Action::Http(action) => {
                self.call(&action.call);
                match &action.body {
                    Some(RequestBody::Text(text)) => self.text(text),
                    Some(RequestBody::Json(json)) => self.json(json),
                    Some(RequestBody::Form(fields)) => self.texts(fields.values()),
                    Some(RequestBody::Multipart(parts)) => {
                        for part in parts.values() {
                            if let PartContent::Text(text) = &part.content {
                                self.text(text);
                            }
                        }
                    }
                    Some(RequestBody::File(_)) | None => {}
                }
            }
            Action::WebSocket(action) => {
                self.call(&action.call);
                action.send.iter().for_each(|json| self.json(json));
            }
            Action::Redis(action) => self.texts(&action.words),
            Action::Tcp(action) => self.texts(&action.send),
            Action::Exec(action) => {
                self.texts(&action.words);
                self.texts(action.environment.values());
                self.texts(&action.stdin);
            }
            Action::Command(action) => {
                self.texts(&action.words);
                self.texts(action.environment.values());
                self.texts(&action.stdin);
            }
            Action::Hurl(action) => self.texts(action.variables.values()),
            Action::Sql(_) => {}
        }
    }

    fn call(&mut self, call: &'a Call) {
        self.text(&call.path);
        self.texts(call.query.values());
        self.texts(call.headers.values());
        match &call.auth {
            Some(Auth::Basic { user, password }) => self.texts([user, password]),
            Some(Auth::Bearer(token)) => self.text(token),
            None => {}
        }
    }

    fn expect(&mut self, expect: &'a Expect) {
        let headers = expect.headers.values();
        let messages = expect.messages.iter();
        let lists = headers
            .chain(expect.json.values())
            .chain([&expect.text, &expect.stderr, &expect.value, &expect.count])
            .chain(messages.flat_map(|message| message.json.values().chain([&message.text])));
        lists.flatten().for_each(|matcher| self.matcher(matcher));
        expect.rows.iter().for_each(|rows| self.json(rows));
    }

    fn matcher(&mut self, matcher: &'a Matcher) {
        match matcher {
            Matcher::Equal(json)
            | Matcher::Not(json)
            | Matcher::Approx { value: json, .. }
            | Matcher::Compare(_, json)
            | Matcher::Contains(json) => self.json(json),
            Matcher::Length(all) | Matcher::Any(all) | Matcher::All(all) => {
                for matcher in all {
                    self.matcher(matcher);
                }
            }
            Matcher::Type(_) | Matcher::Matches(_) | Matcher::Exists(_) => {}
        }
    }
}
