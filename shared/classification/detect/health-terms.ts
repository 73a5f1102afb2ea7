import { DIGIT, kindOf, UPPER } from "./alphabet.ts";
import type { Rule } from "./rules.ts";

/**
 * Words of diagnoses, treatments and records, in the languages of most records that Cordon keeps in place. Words that mean something else as often (patient,
 * treatment, cancer the zodiac's) are left out; what has to be sure of a record asks for several distinct ones.
 */
const TERMS: Readonly<Record<string, string>> = {
  english: `
    hypertension, diabetes, diabetes mellitus, chemotherapy, radiotherapy, oncology, carcinoma, melanoma, leukemia,
    leukaemia, lymphoma, metastasis, metastatic, biopsy, hiv positive, hiv test, hepatitis, tuberculosis,
    schizophrenia, bipolar disorder, major depressive disorder, antidepressant, anxiety disorder, epilepsy, multiple
    sclerosis, parkinson, alzheimer, dementia, asthma, copd, pneumonia, myocardial infarction, heart failure, atrial
    fibrillation, angina pectoris, coronary artery disease, blood pressure, blood glucose, hemoglobin, haemoglobin,
    creatinine, insulin, metformin, anamnesis, discharge summary, medical history, patient record, medical record,
    primary diagnosis, differential diagnosis, prognosis, comorbidity, pregnancy test, miscarriage, endometriosis,
    psychotherapy, psychiatric, substance abuse, methadone, renal failure, dialysis, arthritis, osteoporosis, anaemia,
    anemia, thrombosis, embolism, appendectomy, cholecystectomy, mastectomy`,
  german: `
    diagnose, hauptdiagnose, nebendiagnose, bluthochdruck, zuckerkrankheit, chemotherapie, strahlentherapie,
    krebserkrankung, karzinom, leukamie, herzinfarkt, herzinsuffizienz, vorhofflimmern, schlaganfall, lungenentzundung,
    krankengeschichte, patientenakte, arztbrief, entlassungsbrief, krankschreibung, arbeitsunfahigkeit, befund,
    schwangerschaft, fehlgeburt, schizophrenie, depressive episode, angststorung, epilepsie, demenz,
    niereninsuffizienz, blutdruck, blutzucker, medikation, anamnese, krankenkasse, behandlungsplan`,
  french: `
    diagnostic medical, diagnostic principal, chimiotherapie, radiotherapie, tumeur maligne, leucemie, hypertension
    arterielle, diabete, infarctus du myocarde, insuffisance cardiaque, insuffisance renale, accident vasculaire
    cerebral, pneumonie, dossier medical, antecedents medicaux, ordonnance medicale, arret maladie, grossesse, fausse
    couche, schizophrenie paranoide, trouble bipolaire, sclerose en plaques, demence, maladie chronique, seropositif,
    depistage`,
  spanish: `
    diagnostico, diagnostico principal, quimioterapia, radioterapia, tumor maligno, hipertension arterial, infarto de
    miocardio, insuficiencia cardiaca, insuficiencia renal, historia clinica, antecedentes medicos, embarazo, aborto
    espontaneo, esquizofrenia, trastorno bipolar, esclerosis multiple, neumonia, receta medica, baja medica, informe
    medico`,
  portuguese: `
    prontuario, prontuario medico, hipertensao arterial, infarto do miocardio, insuficiencia renal cronica, gravidez,
    transtorno bipolar, esclerose multipla, leucemia, atestado medico, exame de sangue, pressao arterial`,
  italian: `
    diagnosi, chemioterapia, tumore maligno, ipertensione, infarto miocardico, insufficienza cardiaca, insufficienza
    renale, cartella clinica, anamnesi, gravidanza, aborto spontaneo, disturbo bipolare, sclerosi multipla, polmonite,
    referto medico, certificato medico`,
};

/** All terms, without accents. */
export const healthTerms: readonly string[] = Object.values(TERMS).flatMap((text) =>
  text.split(",").map((term) => term.trim().replace(/\s+/g, " ")),
);

/** Words beside which a code is one of the International Classification of Diseases. */
export const diseaseCodeWords: readonly string[] = [
  "icd",
  "icd code",
  "cie",
  "cid",
  "diagnosis",
  "diagnosis code",
  "primary diagnosis",
  "diagnostic principal",
  "diagnostico principal",
  "diagnose",
  "hauptdiagnose",
  "diagnostic",
  "diagnostico",
  "diagnosi",
];

const DOT = 0x2e;
const MAX_DECIMALS = 4;

/** Codes of ICD-10 (WHO): a letter, two digits, and up to four more after a dot. Half of all product codes look like that, so a word has to stand beside. */
export const diseaseCodeRule: Rule = {
  detector: "health-term",
  normal: "code",
  evidence: "icd",
  starts: [{ kind: "mixed", length: 3 }],
  match({ bytes }, start, end) {
    if (kindOf[bytes[start] as number] !== UPPER || bytes[start] === 0x55) return -1;
    if (kindOf[bytes[start + 1] as number] !== DIGIT || kindOf[bytes[start + 2] as number] !== DIGIT) return -1;
    if (bytes[end] !== DOT || kindOf[bytes[end + 1] as number] !== DIGIT) return end;
    let to = end + 1;
    while (to <= end + MAX_DECIMALS && ((kindOf[bytes[to] as number] as number) & (DIGIT | UPPER)) !== 0) to++;
    return to;
  },
};
