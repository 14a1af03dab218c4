//! Notices: pinned first, paged by position, edited by version, and views that are added.

use futures::future::join_all;
use tiketi_core::clock::CountedIds;
use tiketi_core::id::NoticeId;
use tiketi_core::notice::{LanguageTag, MAX_NOTICE_CHARS, Notice};
use tiketi_core::store::{CreateNoticeRefused, NoticeStore, UpdateNoticeRefused};
use tiketi_core::{CommandError, IdSource, Timestamp};

use crate::handles::Handles;

fn notice(ids: &CountedIds, micros: i64) -> Notice {
    Notice {
        id: NoticeId::from_uuid(ids.next()),
        title: "문이 30분 일찍 열립니다".into(),
        body: "Doors open at 18:30.\n\tBring a coat.".into(),
        language: "ko".parse().unwrap(),
        pinned: false,
        views: 0,
        created_at: Timestamp::from_micros(micros),
        updated_at: Timestamp::from_micros(micros),
        version: 1,
    }
}

async fn stored(stores: &Handles<dyn NoticeStore>, notice: Notice) -> Notice {
    stores.any().create_notice(notice.clone()).await.unwrap();
    notice
}

/// Fails if a notice differs from what was written, or one that does not exist is found.
pub async fn a_notice_is_read_as_it_was_written(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(1);
    let written = Notice { pinned: true, views: 7, version: 3, ..notice(&ids, -5) };
    let written = stored(&stores, written).await;
    assert_eq!(stores.any().notice(written.id).await.unwrap(), Some(written));
    assert_eq!(stores.any().notice(NoticeId::from_uuid(ids.next())).await.unwrap(), None);
}

/// Fails if the order is another, a page repeats or omits a notice, or a deleted one hides the rest.
pub async fn notices_are_paged_by_their_position(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(2);
    let mut all = Vec::new();
    for at in 0..12 {
        let pinned = at % 5 == 0;
        // Pairs of the same moment.
        all.push(stored(&stores, Notice { pinned, ..notice(&ids, at / 2) }).await);
    }
    all.sort_by_key(|notice| std::cmp::Reverse(notice.position()));
    assert!(all[..3].iter().all(|notice| notice.pinned) && !all[3].pinned);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = stores.any().notices(None, after, 5).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.position());
        // The page after it is the same, though it is gone.
        assert!(stores.any().delete_notice(last.id).await.unwrap());
        assert!(!stores.any().delete_notice(last.id).await.unwrap());
        found.extend(page);
    }
    assert_eq!(found, all);
    let left = stores.any().notices(None, None, 100).await.unwrap();
    assert_eq!(left.len(), 12 - 3, "one a page was deleted");
}

/// Fails if another language is listed, or one is missing.
pub async fn notices_are_listed_by_language(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(3);
    let english: LanguageTag = "en".parse().unwrap();
    for at in 0..6 {
        let language = if at % 2 == 0 { english.clone() } else { "en-GB".parse().unwrap() };
        stored(&stores, Notice { language, ..notice(&ids, at) }).await;
    }
    let found = stores.any().notices(Some(&english), None, 100).await.unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|notice| notice.language == english));
    assert_eq!(stores.any().notices(Some(&"ko".parse().unwrap()), None, 100).await.unwrap(), []);
}

/// Fails if an edit changes when a notice was published or its views, or replaces a later version.
pub async fn a_notice_is_replaced_by_its_next_version(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(4);
    let first = stored(&stores, notice(&ids, 5)).await;
    stores.any().add_views(&[(first.id, 3)]).await.unwrap();
    let edited = Notice {
        title: "Doors open early".into(),
        body: "At 18:00.".into(),
        language: "en".parse().unwrap(),
        pinned: true,
        views: 99,
        created_at: Timestamp::from_micros(77),
        updated_at: Timestamp::from_micros(9),
        version: 2,
        id: first.id,
    };
    stores.any().update_notice(edited.clone()).await.unwrap();
    let expected = Notice { views: 3, created_at: first.created_at, ..edited.clone() };
    assert_eq!(stores.any().notice(first.id).await.unwrap(), Some(expected.clone()));
    for version in [1, 2, 4] {
        let again = Notice { version, title: "Too late".into(), ..edited.clone() };
        let refused = stores.any().update_notice(again).await.unwrap_err().refusal();
        assert_eq!(refused, Some(UpdateNoticeRefused::Changed), "{version}");
    }
    assert_eq!(stores.any().notice(first.id).await.unwrap(), Some(expected));
    let unknown = Notice { id: NoticeId::from_uuid(ids.next()), ..edited };
    let refused = stores.any().update_notice(unknown).await.unwrap_err().refusal();
    assert_eq!(refused, Some(UpdateNoticeRefused::NotFound));
}

/// Fails if a notice under an id that exists replaces the first.
pub async fn the_id_of_a_notice_is_not_used_again(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(5);
    let first = stored(&stores, notice(&ids, 5)).await;
    let second = Notice { title: "Another".into(), ..first.clone() };
    let refused = stores.any().create_notice(second).await.unwrap_err().refusal();
    assert_eq!(refused, Some(CreateNoticeRefused::IdTaken));
    assert_eq!(stores.any().notice(first.id).await.unwrap(), Some(first));
}

/// Fails if concurrent calls lose views, or an unknown notice fails the others.
pub async fn views_are_added_and_none_is_lost(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(6);
    let (one, other) = (stored(&stores, notice(&ids, 1)).await, stored(&stores, notice(&ids, 2)).await);
    let unknown = NoticeId::from_uuid(ids.next());
    let adding = (0..16).map(|caller| {
        let store = stores.any();
        // In the opposite order by every second caller.
        let mut views = vec![(one.id, 2), (unknown, 9), (other.id, 3)];
        if caller % 2 == 0 {
            views.reverse();
        }
        tokio::spawn(async move { store.add_views(&views).await.unwrap() })
    });
    for added in join_all(adding.collect::<Vec<_>>()).await {
        added.unwrap();
    }
    let views = async |id| stores.any().notice(id).await.unwrap().unwrap().views;
    assert_eq!((views(one.id).await, views(other.id).await), (32, 48));
    assert_eq!(stores.any().notice(one.id).await.unwrap().unwrap().version, 1);
    assert_eq!(stores.any().notice(unknown).await.unwrap(), None);
}

/// Fails if a text that no store accepts is stored.
pub async fn a_notice_no_store_keeps_is_refused_by_its_field(stores: Handles<dyn NoticeStore>) {
    let ids = CountedIds::seeded(7);
    let wrong = [
        ("title", Notice { title: "nul\0".into(), ..notice(&ids, 1) }),
        ("title", Notice { title: "two\nlines".into(), ..notice(&ids, 1) }),
        ("title", Notice { title: " ".into(), ..notice(&ids, 1) }),
        ("body", Notice { body: "nul\0".into(), ..notice(&ids, 1) }),
        ("body", Notice { body: "x".repeat(MAX_NOTICE_CHARS + 1), ..notice(&ids, 1) }),
    ];
    for (field, wrong) in wrong {
        let error = stores.any().create_notice(wrong.clone()).await.unwrap_err();
        assert!(matches!(&error, CommandError::Text(text) if text.field == field), "{field}: {error:?}");
        let error = stores.any().update_notice(wrong).await.unwrap_err();
        assert!(matches!(&error, CommandError::Text(text) if text.field == field), "{field}: {error:?}");
    }
    let longest = Notice { body: "알".repeat(MAX_NOTICE_CHARS), ..notice(&ids, 1) };
    let longest = stored(&stores, longest).await;
    assert_eq!(stores.any().notice(longest.id).await.unwrap(), Some(longest));
}
