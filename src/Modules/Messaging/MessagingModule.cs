using KiwiCar.BuildingBlocks;

namespace KiwiCar.Messaging;

/// <summary>Conversations of buyers and sellers: streams of their own; its rooms are still to be furnished.</summary>
public sealed class MessagingModule : IModule;
