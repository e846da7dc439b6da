using System.Threading.RateLimiting;
using Crescent.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Security;

/// <summary>Lets requests through that bring a known key, so many a minute with each. Health and the page need none.</summary>
internal sealed class KeyGuard : IDisposable
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly ApiKeys? _keys;
    private readonly PartitionedRateLimiter<int>? _limiter;

    public KeyGuard(ServerOptions options)
    {
        _keys = options.Keys;
        _limiter = options.RequestsPerMinute <= 0 ? null : PartitionedRateLimiter.Create<int, int>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.RequestsPerMinute,
            TokensPerPeriod = options.RequestsPerMinute,
            ReplenishmentPeriod = s_minute,
            QueueLimit = 0,
        }));
    }

    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsOpen(context))
        {
            var key = RequireKey(context.Request);
            context.Features.Set(new KeyHolder(key));
            Count(key);
        }

        await next(context);
    }

    public void Dispose() => _limiter?.Dispose();

    private static bool IsOpen(HttpContext context) => HttpMethods.IsOptions(context.Request.Method) || context.GetEndpoint()?.Metadata.GetMetadata<NoKeyNeeded>() is not null;

    private int RequireKey(HttpRequest request)
    {
        if (_keys is null)
        {
            return 0;
        }

        var given = KeyOf(request);
        var found = given is null ? -1 : _keys.Find(given);
        return found >= 0 ? found : throw new ApiException(new ApiError(
            401, "invalid_request_error", given is null ? "no API key given: send the header 'Authorization: Bearer KEY'" : "the API key is not known here", Code: "invalid_api_key"));
    }

    // OpenAI's header, or Anthropic's.
    private static string? KeyOf(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return authorization[Scheme.Length..].Trim();
        }

        return request.Headers["x-api-key"].ToString() is { Length: > 0 } key ? key : null;
    }

    private void Count(int key)
    {
        if (_limiter is null)
        {
            return;
        }

        using var lease = _limiter.AttemptAcquire(key);
        if (!lease.IsAcquired)
        {
            throw new ApiException(new ApiError(429, "rate_limit_error", "too many requests with this key within a minute", Code: "rate_limit_exceeded")
            {
                RetryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : s_minute,
            });
        }
    }
}
