using System.Text;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

/// <summary>What hubs say that their refusals are about, in their own words.</summary>
public sealed class RefusalSubjectTests
{
    public static TheoryData<string, string?, RefusalSubject> Refusals => new()
    {
        { """{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.","type":"requests","code":"rate_limit_exceeded"}}""", "gpt-4o", RefusalSubject.Model },
        { """{"error":{"message":"Rate limit reached for model `llama-3.3-70b` in organization `o` on tokens per minute (TPM): Limit 15000, Used 11972, Requested 4351."}}""", "meta-llama/Llama-3.3-70B", RefusalSubject.Model },
        { """{"error":{"message":"Request too large for gpt-4o in organization o on tokens per min (TPM): Limit 30000, Requested 54000. The input or output tokens must be reduced in order to run successfully."}}""", "gpt-4o", RefusalSubject.Query },
        { """{"error":{"message":"on tokens per min: Limit 30000, Used 0, Requested 54000."}}""", "gpt-4o", RefusalSubject.Query },
        { """{"error":{"code":"tokens_limit_reached","message":"Request body too large for gpt-4 model. Max size: 8000 tokens."}}""", null, RefusalSubject.Query },
        { """{"error":{"details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]}]}}""", "gemini-2.5-pro", RefusalSubject.Model },
        { """{"error":{"details":[{"violations":[{"quotaDimensions":{"location":"global","model":"gemini-2.5-pro"}}]}]}}""", "gemini-2.5-pro", RefusalSubject.Model },
        { """{"model":"m","error":"Too many requests"}""", "m", RefusalSubject.Model },
        { """{"error":"I'm at my limit, m or not"}""", "m", RefusalSubject.Unsaid },
        { """{"error":"Too many requests for gpt-4o-mini"}""", "gpt-4", RefusalSubject.Unsaid },
        { """{"error":"Too many requests for my-gpt-4"}""", "gpt-4", RefusalSubject.Unsaid },
        { """{"error":{"message":"Rate limit exceeded","type":"rate_limit_error"}}""", "gpt-4o", RefusalSubject.Unsaid },
        { "Too many requests", null, RefusalSubject.Unsaid },
        { "", "gpt-4o", RefusalSubject.Unsaid },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refusal_is_about_what_its_hub_says(string body, string? model, RefusalSubject subject) =>
        Assert.Equal(subject, RefusalSubjects.Of(Encoding.UTF8.GetBytes(body), model));

    [Fact]
    public void Whatever_a_hub_sends_is_read_within_bounds()
    {
        Assert.Equal(RefusalSubject.Unsaid, RefusalSubjects.Of([.. Enumerable.Repeat((byte)0xFF, 100_000)], "gpt-4o"));
        Assert.Equal(RefusalSubject.Unsaid, RefusalSubjects.Of(Encoding.UTF8.GetBytes("Limit 999999999999999999999, Requested 1e9 Limit "), ""));
    }
}
