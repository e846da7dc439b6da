namespace Crescent.Tests.Hub;

/// <summary>The environment's variables that commands read, for one test; its children inherit them.</summary>
internal sealed class HubEnvironment : IDisposable
{
    private readonly Dictionary<string, string?> _before = [];

    public HubEnvironment(string home, string? endpoint = null)
    {
        Set("CRESCENT_HOME", home);
        Set("HF_ENDPOINT", endpoint);
        Set("HF_TOKEN", null);
    }

    public void Set(string name, string? value)
    {
        _before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }

    public void Dispose()
    {
        foreach (var (name, value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
