use super::*;

#[test]
fn a_refusal_comes_back_with_the_type_of_its_command() {
    let refused: CommandError<AnyRefused> = CommandError::Refused(HoldRefused::NothingAsked.into());
    let typed: CommandError<HoldRefused> = refused.typed();
    assert_eq!(typed.refusal(), Some(HoldRefused::NothingAsked));
}

#[test]
fn the_refusal_of_another_command_is_a_defect_of_the_store() {
    let refused: CommandError<AnyRefused> = CommandError::Refused(CallOffRefused::EventStands.into());
    let typed: CommandError<HoldRefused> = refused.typed();
    assert!(matches!(typed, CommandError::Store(error) if error.kind() == StoreErrorKind::Internal));
}
