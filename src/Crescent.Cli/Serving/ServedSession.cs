using Crescent.Engine.Chat;

namespace Crescent.Cli.Serving;

/// <summary>A served model's memory.</summary>
internal sealed class ServedSession(ModelSession session, ChatEngine engine) : IDisposable
{
    public void Dispose()
    {
        engine.Dispose();
        session.Dispose();
    }
}
