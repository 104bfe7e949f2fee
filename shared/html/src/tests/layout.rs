use super::*;

fn head<'a>(brand: &'a Brand, language: &str) -> Head<'a> {
    Head {
        status: StatusCode::OK,
        language: Language::of(language).expect("one of ours"),
        brand,
        title: "<Title>",
        description: "",
        address: None,
        indexed: false,
        scripts: &[],
        zone: None,
        form_leads_to: None,
        frame_ancestors: "'none'",
        languages: &[],
    }
}

fn page_of(brand: &Brand, language: &str) -> (Response, String) {
    let head = head(brand, language);
    let document = document(&head, &brand.style(), &html! { p { "Body" } });
    (page(&head, &html! {}), document.into_string())
}

#[test]
fn the_policy_allows_exactly_the_stylesheets_of_the_page() {
    let brand = Brand {
        name: "<Clinic>".to_owned(),
        ..Brand::default()
    };
    let (response, document) = page_of(&brand, "en");
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .expect("text");
    let sheets: Vec<&str> = document
        .split("<style>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</style>"))
        .map(|(sheet, _)| sheet)
        .collect();
    let hashes: String = sheets
        .iter()
        .map(|sheet| format!(" '{}'", hash(sheet)))
        .collect();
    assert!(policy.contains(&format!("style-src{hashes};")), "{policy}");
    assert_eq!(sheets.len(), 2);
    assert!(
        !document.contains("<Clinic>") && !document.contains("<Title>"),
        "{document}"
    );
    assert!(!document.contains("style=\""), "{document}");
}

#[test]
fn a_page_says_its_language_and_direction() {
    for (language, expected) in [
        ("ar", "<html lang=\"ar\" dir=\"rtl\">"),
        ("de-AT", "<html lang=\"de-AT\" dir=\"ltr\">"),
    ] {
        let (_, document) = page_of(&Brand::default(), language);
        assert!(document.contains(expected), "{document}");
    }
}

#[test]
fn a_page_offers_its_languages_and_marks_its_own_whatever_the_region() {
    let brand = Brand::default();
    let languages: Vec<(Language, String)> = Language::all()
        .map(|language| (language, format!("?lang={}", language.tag())))
        .collect();
    let head = Head {
        languages: &languages,
        ..head(&brand, "de-AT")
    };
    let document = document(&head, "", &html! {}).into_string();
    assert_eq!(document.matches("hreflang=").count(), languages.len());
    assert_eq!(document.matches("aria-current=\"true\"").count(), 1);
    assert!(
        document.contains("aria-current=\"true\">Deutsch<"),
        "{document}"
    );
}

#[test]
fn the_stylesheet_is_small_and_loads_nothing() {
    assert!(STYLE.len() < 8 * 1024, "{} bytes", STYLE.len());
    assert!(
        !STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains('<'),
        "{STYLE}"
    );
}

#[test]
fn nothing_in_the_stylesheet_is_tied_to_a_side() {
    for side in ["left", "right"] {
        assert!(
            !STYLE.contains(side),
            "{side}: use the logical property, e.g. inset-inline-start"
        );
    }
}
