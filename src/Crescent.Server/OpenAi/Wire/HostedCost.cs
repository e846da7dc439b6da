namespace Crescent.Server.OpenAi.Wire;

/// <param name="Name">Whose price it is.</param>
internal sealed record HostedCost(string Name, double Cost);
