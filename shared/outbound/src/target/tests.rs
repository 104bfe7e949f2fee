use super::*;

/// URLs that lead, or are meant to lead, past the rules, and the fault that each must have.
pub(crate) const HOSTILE: &[(&str, TargetFault)] = &[
    // No URLs.
    ("", TargetFault::NotAUrl),
    ("hooks.example.com", TargetFault::NotAUrl),
    ("//hooks.example.com/", TargetFault::NotAUrl),
    ("https:hooks.example.com", TargetFault::NotAUrl),
    ("https:/hooks.example.com", TargetFault::NotAUrl),
    ("https:///hooks.example.com", TargetFault::NotAUrl),
    ("https://", TargetFault::NotAUrl),
    ("https://[::1", TargetFault::NotAUrl),
    ("https://[fe80::1%25eth0]/", TargetFault::NotAUrl),
    ("https://256.256.256.256/", TargetFault::NotAUrl),
    ("https://hooks.example.com:99999/", TargetFault::NotAUrl),
    ("https://exa%00mple.com/", TargetFault::NotAUrl),
    ("https://xn--a/", TargetFault::NotAUrl),
    // Other schemes.
    ("http://hooks.example.com/", TargetFault::Scheme),
    ("HTTP://hooks.example.com/", TargetFault::Scheme),
    ("ftp://hooks.example.com/", TargetFault::Scheme),
    ("file:///etc/passwd", TargetFault::Scheme),
    ("gopher://127.0.0.1:6379/_FLUSHALL", TargetFault::Scheme),
    ("javascript:alert(1)", TargetFault::Scheme),
    ("data:text/plain,x", TargetFault::Scheme),
    ("unix:/var/run/docker.sock", TargetFault::Scheme),
    ("httpss://hooks.example.com/", TargetFault::Scheme),
    // Characters that programs read differently.
    (" https://hooks.example.com/", TargetFault::Characters),
    (
        "https://hooks.example.com/\r\nHost: internal",
        TargetFault::Characters,
    ),
    ("https://hooks.example.com/\u{0}", TargetFault::Characters),
    ("https://127.0.0.1\t/", TargetFault::Characters),
    (
        "https://hooks.example.com\\@127.0.0.1/",
        TargetFault::Characters,
    ),
    ("https://hooks.example.com/\u{a0}", TargetFault::Characters),
    // Somebody before the host.
    ("https://user@hooks.example.com/", TargetFault::UserInfo),
    (
        "https://user:secret@hooks.example.com/",
        TargetFault::UserInfo,
    ),
    ("https://@hooks.example.com/", TargetFault::UserInfo),
    ("https://:@hooks.example.com/", TargetFault::UserInfo),
    (
        "https://hooks.example.com@127.0.0.1/",
        TargetFault::UserInfo,
    ),
    (
        "https://hooks.example.com:443@169.254.169.254/",
        TargetFault::UserInfo,
    ),
    // Ports.
    ("https://hooks.example.com:0/", TargetFault::Port),
    ("https://hooks.example.com:22/", TargetFault::Port),
    ("https://hooks.example.com:25/", TargetFault::Port),
    ("https://hooks.example.com:80/", TargetFault::Port),
    ("https://hooks.example.com:1023/", TargetFault::Port),
    ("https://hooks.example.com:5432/", TargetFault::Port),
    ("https://hooks.example.com:6379/", TargetFault::Port),
    ("https://hooks.example.com:11211/", TargetFault::Port),
    // Fragments.
    ("https://hooks.example.com/#secret", TargetFault::Fragment),
    // This machine, in the forms that parsers of addresses know.
    ("https://127.0.0.1/", TargetFault::Address),
    ("https://127.1/", TargetFault::Address),
    ("https://127.0.0.1./", TargetFault::Address),
    ("https://2130706433/", TargetFault::Address),
    ("https://0x7f000001/", TargetFault::Address),
    ("https://0x7f.0.0.0x1/", TargetFault::Address),
    ("https://0177.0.0.1/", TargetFault::Address),
    ("https://017700000001/", TargetFault::Address),
    ("https://127.0.0.1:8443/", TargetFault::Address),
    (
        "https://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        TargetFault::Address,
    ),
    ("https://%31%32%37.0.0.1/", TargetFault::Address),
    ("https://１２７.０.０.１/", TargetFault::Address),
    ("https://①②⑦.⓪.⓪.①/", TargetFault::Address),
    ("https://127。0。0。1/", TargetFault::Address),
    ("https://0/", TargetFault::Address),
    ("https://0.0.0.0/", TargetFault::Address),
    ("https://[::]/", TargetFault::Address),
    ("https://[::1]/", TargetFault::Address),
    ("https://[0:0:0:0:0:0:0:1]/", TargetFault::Address),
    ("https://[::ffff:127.0.0.1]/", TargetFault::Address),
    ("https://[::ffff:7f00:1]/", TargetFault::Address),
    ("https://[::127.0.0.1]/", TargetFault::Address),
    ("https://[64:ff9b::127.0.0.1]/", TargetFault::Address),
    ("https://[2002:7f00:1::]/", TargetFault::Address),
    // Networks that are not public.
    ("https://10.0.0.1/", TargetFault::Address),
    ("https://172.16.0.1/", TargetFault::Address),
    ("https://192.168.0.1/", TargetFault::Address),
    ("https://3232235521/", TargetFault::Address),
    ("https://100.64.0.1/", TargetFault::Address),
    (
        "https://169.254.169.254/latest/meta-data/",
        TargetFault::Address,
    ),
    ("https://0xa9fea9fe/latest/meta-data/", TargetFault::Address),
    ("https://[::ffff:169.254.169.254]/", TargetFault::Address),
    ("https://169.254.170.2/v2/credentials", TargetFault::Address),
    ("https://[fd00:ec2::254]/", TargetFault::Address),
    ("https://168.63.129.16/", TargetFault::Address),
    ("https://100.100.100.200/", TargetFault::Address),
    ("https://192.0.0.192/", TargetFault::Address),
    ("https://224.0.0.1/", TargetFault::Address),
    ("https://255.255.255.255/", TargetFault::Address),
    ("https://[fe80::1]/", TargetFault::Address),
    ("https://[fc00::1]/", TargetFault::Address),
    ("https://[ff02::1]/", TargetFault::Address),
    // Names that only a local network knows.
    ("https://localhost/", TargetFault::LocalName),
    ("https://LOCALHOST/", TargetFault::LocalName),
    ("https://localhost./", TargetFault::LocalName),
    ("https://ⓛocalhost/", TargetFault::LocalName),
    ("https://hooks.localhost/", TargetFault::LocalName),
    ("https://printer.local/", TargetFault::LocalName),
    (
        "https://metadata.google.internal/computeMetadata/v1/",
        TargetFault::LocalName,
    ),
    ("https://router.home.arpa/", TargetFault::LocalName),
    ("https://kubernetes/", TargetFault::LocalName),
    ("https://intranet./", TargetFault::LocalName),
];

#[test]
fn hostile_urls_are_refused_each_with_its_fault() {
    assert!(HOSTILE.len() >= 60);
    for (url, fault) in HOSTILE {
        let refused = Target::parse(url, Reach::Internet).err();
        assert_eq!(refused, Some(*fault), "{url:?}");
    }
    let long = format!("https://hooks.example.com/{}", "a".repeat(MAX_LENGTH));
    let refused = Target::parse(&long, Reach::Internet).err();
    assert_eq!(refused, Some(TargetFault::TooLong));
}

#[test]
fn public_https_urls_are_taken_and_normalised() {
    for (url, normal) in [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        (
            "https://hooks.example.com/a?b=c",
            "https://hooks.example.com/a?b=c",
        ),
        (
            "HTTPS://Hooks.Example.com:443/A",
            "https://hooks.example.com/A",
        ),
        (
            "https://hooks.example.com:8443/",
            "https://hooks.example.com:8443/",
        ),
        (
            "https://bücher.example.com/ü",
            "https://xn--bcher-kva.example.com/%C3%BC",
        ),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        (
            "https://hooks.example.com/users/@me",
            "https://hooks.example.com/users/@me",
        ),
        (
            "https://hooks.example.com/?to=a@b",
            "https://hooks.example.com/?to=a@b",
        ),
    ] {
        let target = Target::parse(url, Reach::Internet).expect(url);
        assert_eq!(target.as_str(), normal);
    }
}

#[test]
fn a_laptop_may_call_itself_in_clear_and_nothing_else_of_its_network() {
    for url in [
        "http://localhost:3000/hooks",
        "http://127.0.0.1:3000/",
        "http://[::1]:3000/",
        "https://localhost/",
        "http://hooks.example.com/",
    ] {
        assert!(Target::parse(url, Reach::AlsoLocal).is_ok(), "{url}");
    }
    for (url, fault) in [
        ("http://192.168.0.1/", TargetFault::Address),
        ("http://169.254.169.254/", TargetFault::Address),
        ("http://0.0.0.0:3000/", TargetFault::Address),
        ("http://127.0.0.1:6379/", TargetFault::Port),
        ("http://printer.local/", TargetFault::LocalName),
        ("ftp://localhost/", TargetFault::Scheme),
    ] {
        let refused = Target::parse(url, Reach::AlsoLocal).err();
        assert_eq!(refused, Some(fault), "{url}");
    }
}

#[test]
fn a_target_does_not_show_its_path_in_logs() {
    let target = Target::parse("https://hooks.example.com/T0/secret?key=1", Reach::Internet);
    assert_eq!(
        format!("{:?}", target.expect("a target")),
        "Target(hooks.example.com)"
    );
}
