using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Server.Prices;

namespace Crescent.Server.Security;

/// <summary>Counts what one key's client takes, and refuses more than it may. What runs when a limit is reached comes to its end.</summary>
internal sealed class KeyMeter
{
    private readonly KeyLimits _limits;
    private readonly PriceList? _prices;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly RateBucket? _requests;
    private readonly RateBucket? _tokens;
    private DateOnly _day;
    private long _tokensToday;
    private double _costToday;

    public KeyMeter(KeyLimits limits, int requestsPerMinute, PriceList? prices, TimeProvider time)
    {
        (_limits, _prices, _time) = (limits, prices, time);
        var requests = limits.RequestsPerMinute ?? requestsPerMinute;
        _requests = requests > 0 ? new RateBucket(requests, time) : null;
        _tokens = limits.TokensPerMinute is { } tokens ? new RateBucket(tokens, time) : null;
    }

    /// <summary>Counts a request.</summary>
    /// <exception cref="ApiException">There were too many.</exception>
    public void Admit()
    {
        lock (_gate)
        {
            if (_requests?.Wait(1) is { Ticks: > 0 } wait)
            {
                throw Refused("too many requests with this key within a minute", wait);
            }

            _requests?.Take(1);
        }
    }

    /// <exception cref="ApiException">As many tokens as may be are taken, or as much is spent.</exception>
    public void CheckTokens()
    {
        lock (_gate)
        {
            BeginDay();
            if (_tokens?.Wait(1) is { Ticks: > 0 } wait)
            {
                throw Refused($"this key's {_limits.TokensPerMinute} tokens a minute are used up", wait);
            }

            if (_tokensToday >= _limits.TokensPerDay)
            {
                throw Refused($"this key's {_limits.TokensPerDay} tokens a day are used up", UntilMidnight());
            }

            if (_costToday >= _limits.CostPerDay)
            {
                throw Refused(FormattableString.Invariant($"what this key may spend a day, {_limits.CostPerDay} {_prices?.Currency}, is spent"), UntilMidnight());
            }
        }
    }

    public void AddTokens(int tokens)
    {
        lock (_gate)
        {
            BeginDay();
            _tokens?.Take(tokens);
            _tokensToday += tokens;
        }
    }

    /// <summary>Counts what a whole or abandoned answer adds to its prompt, which was counted before.</summary>
    /// <param name="choice">Which of the answers to the prompt: the first pays for it.</param>
    public void AddAnswer(string model, int choice, AnswerUsage usage, AnswerTimings timings)
    {
        AddTokens(usage.Completion);
        if (_prices is not null)
        {
            lock (_gate)
            {
                _costToday += choice == 0 ? _prices.Of(model, usage.Prompt, usage.Cached, usage.Completion, timings.Prompt + timings.Answer) : _prices.Of(model, 0, 0, usage.Completion, timings.Answer);
            }
        }
    }

    private void BeginDay()
    {
        var today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        if (today != _day)
        {
            (_day, _tokensToday, _costToday) = (today, 0, 0);
        }
    }

    private TimeSpan UntilMidnight()
    {
        var now = _time.GetUtcNow();
        return now.UtcDateTime.Date.AddDays(1) - now.UtcDateTime;
    }

    private static ApiException Refused(string message, TimeSpan wait) => new(new ApiError(429, "rate_limit_error", message, Code: "rate_limit_exceeded") { RetryAfter = wait });
}
