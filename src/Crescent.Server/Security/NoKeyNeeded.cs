namespace Crescent.Server.Security;

/// <summary>Marks an endpoint that answers without an API key.</summary>
internal sealed class NoKeyNeeded;
