namespace KiwiCar.BuildingBlocks.Events;

/// <summary>
/// Text of a person's own: stored encrypted with a key of theirs (<see cref="PersonKeys"/>), so that destroying the key makes it
/// unreadable in the log, in every backup and in every replay. It then reads as null, or as "" where null is no value.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PersonalAttribute : Attribute;

/// <summary>Whose the <see cref="PersonalAttribute">personal</see> text of this event is: the one Guid property that says so.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PersonAttribute : Attribute;

/// <summary>An event that ends a person for this system. Their key is destroyed in its append: no personal text of theirs stands after it in the log.</summary>
public interface IEndsPerson : IEvent
{
    Guid PersonId { get; }
}
