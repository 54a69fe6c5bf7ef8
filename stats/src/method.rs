//! What each method is called, and where it is written down.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Welch,
    ScoreProportions,
    ConfidenceSequence,
    GroupSequential,
    BayesNormal,
    BayesBeta,
    Cuped,
    PostStratified,
    RestrictedMean,
    LogRank,
    Holm,
    BenjaminiHochberg,
    ChiSquare,
    ExactMultinomial,
    SequentialMultinomial,
    KolmogorovSmirnov,
    SignTest,
    Thompson,
}

impl Method {
    pub const ALL: [Self; 18] = [
        Self::Welch,
        Self::ScoreProportions,
        Self::ConfidenceSequence,
        Self::GroupSequential,
        Self::BayesNormal,
        Self::BayesBeta,
        Self::Cuped,
        Self::PostStratified,
        Self::RestrictedMean,
        Self::LogRank,
        Self::Holm,
        Self::BenjaminiHochberg,
        Self::ChiSquare,
        Self::ExactMultinomial,
        Self::SequentialMultinomial,
        Self::KolmogorovSmirnov,
        Self::SignTest,
        Self::Thompson,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Welch => "Welch's t-test",
            Self::ScoreProportions => "score test of two proportions",
            Self::ConfidenceSequence => "asymptotic confidence sequence",
            Self::GroupSequential => "group-sequential test, O'Brien-Fleming-type spending",
            Self::BayesNormal => "Bayesian, normal posterior of the effect",
            Self::BayesBeta => "Bayesian, beta-binomial",
            Self::Cuped => "CUPED",
            Self::PostStratified => "post-stratification",
            Self::RestrictedMean => "difference of restricted mean times",
            Self::LogRank => "log-rank test",
            Self::Holm => "Holm's step-down procedure",
            Self::BenjaminiHochberg => "Benjamini-Hochberg procedure",
            Self::ChiSquare => "Pearson's chi-square test",
            Self::ExactMultinomial => "exact multinomial test",
            Self::SequentialMultinomial => "sequential multinomial test",
            Self::KolmogorovSmirnov => "Kolmogorov-Smirnov test",
            Self::SignTest => "sign test",
            Self::Thompson => "Thompson sampling, Beta-Bernoulli",
        }
    }

    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Welch => "B. L. Welch, Biometrika 34 (1947) 28-35",
            Self::ScoreProportions => {
                "O. Miettinen, M. Nurminen, Statistics in Medicine 4 (1985) 213-226, with its appendix 1"
            }
            Self::ConfidenceSequence => {
                "I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, Annals of Statistics 52 (2024) 2613-2640, arXiv:2103.06476v7, equation 9"
            }
            Self::GroupSequential => {
                "K. K. G. Lan, D. L. DeMets, Biometrika 70 (1983) 659-663; C. Jennison, B. W. Turnbull, Group Sequential Methods (1999), chapters 7, 9, 19"
            }
            Self::BayesNormal => "gbstats 0.8.0, EffectBayesianABTest",
            Self::BayesBeta => "A. Gelman et al., Bayesian Data Analysis (3rd edition, 2013), section 2.4",
            Self::Cuped => "A. Deng, Y. Xu, R. Kohavi, T. Walker, WSDM (2013) 123-132",
            Self::PostStratified => {
                "L. W. Miratrix, J. S. Sekhon, B. Yu, Journal of the Royal Statistical Society B 75 (2013) 369-396"
            }
            Self::RestrictedMean => {
                "P. Royston, M. K. B. Parmar, BMC Medical Research Methodology 13 (2013) 152"
            }
            Self::LogRank => "N. Mantel, Cancer Chemotherapy Reports 50 (1966) 163-170",
            Self::Holm => "S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70",
            Self::BenjaminiHochberg => {
                "Y. Benjamini, Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995) 289-300"
            }
            Self::ChiSquare => "K. Pearson, Philosophical Magazine 50 (1900) 157-175",
            Self::ExactMultinomial => {
                "T. R. C. Read, N. A. C. Cressie, Goodness-of-Fit Statistics (1988), section 8.1"
            }
            Self::SequentialMultinomial => "M. Lindon, A. Malek, NeurIPS (2022), arXiv:2011.03567",
            Self::KolmogorovSmirnov => {
                "G. Marsaglia, W. W. Tsang, J. Wang, Journal of Statistical Software 8 (2003) issue 18"
            }
            Self::SignTest => {
                "W. J. Conover, Practical Nonparametric Statistics (3rd edition, 1999), section 3.4"
            }
            Self::Thompson => "W. R. Thompson, Biometrika 25 (1933) 285-294",
        }
    }
}
