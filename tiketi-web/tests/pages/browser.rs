//! A browser without scripts: cookies, links, forms, redirects.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use tower::ServiceExt;

/// A browser with its cookies.
pub(crate) struct Browser {
    app: Router,
    pub(crate) cookies: HashMap<String, String>,
    pub(crate) language: &'static str,
    /// What the browser says of the page that sends a write.
    pub(crate) site: &'static str,
    /// Headers of every request.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

/// A page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

/// A form of a page: where it is sent, and its fields.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn new(app: &Router) -> Self {
        let headers = Vec::new();
        Self { app: app.clone(), cookies: HashMap::new(), language: "en", site: "same-origin", headers }
    }

    /// Sends one request, and keeps the cookies of the answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<&[(String, String)]>,
    ) -> Page {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("host", "shop.example")
            .header(ACCEPT, "text/html,application/xhtml+xml")
            .header(ACCEPT_LANGUAGE, self.language);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if !self.site.is_empty() {
            request = request.header("sec-fetch-site", self.site);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let body =
            form.map(|fields| form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish());
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(body.map_or(Body::empty(), Body::from)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4711))));
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name)
            } else {
                self.cookies.insert(name.to_owned(), value)
            };
        }
        let html = String::from_utf8(to_bytes(body, 10 << 20).await.unwrap().to_vec()).unwrap();
        Page { path: path.to_owned(), status: parts.status, headers: parts.headers, html }
    }

    /// Opens a page, and follows redirects.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let page = self.send(Method::GET, path, None).await;
        self.followed(page).await
    }

    async fn followed(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            let Some(next) = page.location() else { return page };
            page = self.send(Method::GET, &next, None).await;
        }
        panic!("redirected for ever: {page:?}");
    }

    /// Sends a form, and follows redirects.
    pub(crate) async fn submit(&mut self, form: &Form) -> Page {
        let page = self.send(Method::POST, &form.action, Some(&form.fields)).await;
        self.followed(page).await
    }

    /// Signs in on the page for it.
    pub(crate) async fn sign_in(&mut self, email: &str) -> Page {
        let form = self.open("/sign-in").await.form("/sign-in");
        self.submit(&form.set("email", email).set("password", super::shop::PASSWORD)).await
    }
}

impl Page {
    /// Returns where the answer redirects to.
    pub(crate) fn location(&self) -> Option<String> {
        let is_redirect = self.status == StatusCode::SEE_OTHER;
        self.headers.get(LOCATION).filter(|_| is_redirect).map(|value| value.to_str().unwrap().to_owned())
    }

    /// Returns the form that is sent to this path.
    pub(crate) fn form(&self, action: &str) -> Form {
        let found = self
            .html
            .split("<form ")
            .skip(1)
            .find(|form| attribute(form, "action").as_deref() == Some(action));
        let form = found.unwrap_or_else(|| panic!("no form {action} at {}: {}", self.path, self.html));
        let form = form.split("</form>").next().unwrap();
        let fields = form.split("<input ").skip(1).filter_map(|input| {
            let input = input.split('>').next().unwrap();
            let is_chosen =
                attribute(input, "type").as_deref() != Some("radio") || input.contains(" checked");
            let name = attribute(input, "name").filter(|_| is_chosen)?;
            Some((name, attribute(input, "value").unwrap_or_default()))
        });
        Form { action: action.to_owned(), fields: fields.collect() }
    }

    /// Returns the address of the first link whose address begins like this.
    pub(crate) fn link(&self, begin: &str) -> String {
        let links = self.html.split("href=\"").skip(1).map(|rest| unescaped(rest.split('"').next().unwrap()));
        let mut links = links.filter(|link| link.starts_with(begin));
        links.next().unwrap_or_else(|| panic!("no link {begin} at {}: {}", self.path, self.html))
    }

    /// Returns the values of the buttons with this name.
    pub(crate) fn buttons(&self, name: &str) -> Vec<String> {
        let buttons = self.html.split("<button ").skip(1).map(|rest| rest.split('>').next().unwrap());
        let named = buttons.filter(|button| attribute(button, "name").as_deref() == Some(name));
        named.filter_map(|button| attribute(button, "value")).collect()
    }

    /// Fails unless the page has a text.
    #[track_caller]
    pub(crate) fn assert_says(&self, text: &str) {
        assert!(
            self.html.contains(text),
            "{} {} does not say {text:?}: {}",
            self.path,
            self.status,
            self.html
        );
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Form {
    /// Sets a field.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {}", tag.split('>').next()?);
    let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
    rest.split('"').next().map(unescaped)
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#60;", "<").replace("&amp;", "&")
}
