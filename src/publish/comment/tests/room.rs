//! What is left out where a comment would be too long, and that it stays left out.

use super::*;

/// A section of that many lines, half of them folded, with ever shorter bodies.
fn long(scenario: &str, lines: usize) -> Section {
    let body = |lines: usize| {
        let rows = "| GET /some/endpoint | p95 | 88.7 ms | 117 ms |\n".repeat(lines / 2);
        marker::bare(&format!("Reason.\n\n{rows}\n<details><summary>rest</summary>\n\n{rows}\n</details>"))
    };
    let shorter = (1..8).map(|step| body(lines >> step)).collect();
    Section { body: body(lines), shorter, ..failed(scenario, "p95 +31.8 %") }
}

#[test]
fn what_others_folded_goes_first_and_then_our_detail() {
    let mut server = Server::default();
    server.say(&[long("theirs", 600)]);
    let page = server.say(&[long("ours", 900)]);
    let [ours, theirs] = read(&page).try_into().unwrap();
    assert!(theirs.body.ends_with("has them.") && theirs.body.contains("| GET /some"), "{}", theirs.body);
    assert_eq!(ours.body, long("ours", 900).body);
    let page = server.say(&[long("more", 2_600)]);
    assert!(page.len() <= 65_536);
    assert_eq!(scenarios(&page), ["more", "ours", "theirs"]);
    assert!(page.contains("> Left out because a comment may not be longer: 2 scenarios' figures."), "{page}");
    // Nobody puts back what another left out.
    for ours in [long("theirs", 600), long("ours", 900)] {
        assert_eq!(server.plan(&[ours]).changes, []);
    }
}

#[test]
fn outdated_figures_go_before_present_ones() {
    let mut server = Server::default();
    server.say(&[long("old", 1_200)]);
    let page = server.say(&[newer(long("new", 600))]);
    let [new, old] = read(&page).try_into().unwrap();
    assert_eq!(new.body, long("new", 600).body);
    assert!(old.body.len() < 32_000 && page.contains("Outdated, of commit 1111111: ❌ FAILED old"));
}

#[test]
fn of_too_many_scenarios_the_worst_are_told_and_all_are_counted() {
    let name = |i: usize| format!("scenario {i:03} 注文 | <b>");
    let mut ours: Vec<_> = (0..300).map(|i| long(&name(i), 30)).collect();
    ours[250] = Section { outcome: Outcome::Invalid, heading: Heading::Invalid, ..ours[250].clone() };
    let page = Server::default().say(&ours);
    assert!(page.len() <= 65_536 && page.len() > 50_000, "{}", page.len());
    assert!(seen(&page)[0].starts_with("### ⛔ INVALID 1 of 300: scenario 250"), "{}", seen(&page)[0]);
    assert!(page.contains("whole scenarios"));
}

#[test]
fn many_jobs_with_much_to_say_agree() {
    let mut server = Server::default();
    let jobs: Vec<_> = (0..60).map(|i| [long(&format!("scenario {i:02}"), 200)]).collect();
    jobs.iter().for_each(|ours| drop(server.say(ours)));
    assert_eq!(read(&server.comments[0].body).len(), 60);
    assert!(jobs.iter().all(|ours| server.plan(ours).changes.is_empty()));
}
