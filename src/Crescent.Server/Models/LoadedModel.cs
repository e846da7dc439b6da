namespace Crescent.Server.Models;

/// <summary>A model with what must be disposed of to give its memory back.</summary>
public sealed record LoadedModel(ServedModel Model, IDisposable Owner);
