using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Security;

/// <summary>Which key a request brought: what one key's client keeps here is not another's.</summary>
/// <param name="Meter">Counts what it takes.</param>
internal sealed record KeyHolder(int Key, KeyMeter Meter)
{
    /// <summary>The key's number; 0 where none are asked for.</summary>
    public static int Of(HttpContext context) => context.Features.Get<KeyHolder>()?.Key ?? 0;
}
